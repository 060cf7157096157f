import { once } from 'node:events';
import type { Config } from '../pipelines/config.ts';
import { runPipeline } from '../pipelines/run.ts';
import { createLog } from '../runtime/log.ts';

// A worker process of the hand-over bench: runs all stages until it is told to stop. Its log, on standard error, says
// which partitions it holds.

const [config] = (await once(process, 'message')) as [Config];
const pipeline = await runPipeline(config, { log: createLog('info') });
process.send?.('running');
await once(process, 'message');
await pipeline.stop();
process.disconnect?.();
