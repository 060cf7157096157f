import { once } from 'node:events';
import type { Config } from '../pipelines/config.ts';
import { runPipeline } from '../pipelines/run.ts';
import { createLog } from '../runtime/log.ts';

// A worker process of a bench: runs all stages and reports its figures until it is told to stop.

const [config] = (await once(process, 'message')) as [Config];
const pipeline = await runPipeline(config, { log: createLog('warn') });
const report = (): boolean | undefined => process.send?.(pipeline.figures());
report();
const timer = setInterval(report, 100);
await once(process, 'message');
await pipeline.stop();
clearInterval(timer);
report();
process.disconnect?.();
