import { once } from 'node:events';
import { setInterval as every } from 'node:timers/promises';
import { type Config, loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { untilIdle } from '../support/pipeline-reading.ts';
import { SoakLoad } from './soak-load.ts';
import type { SoakMessage, SoakOrder } from './soak-worker.ts';

// The worker of a soak: all stages, in a process of its own, whose memory and handles are looked at once a second.

const SAMPLE_MS = 1000;

const [first] = (await once(process, 'message')) as [SoakOrder & { kind: 'run' }];
const { options: config }: { options: Config } = loadConfig({
  cwd: process.cwd(),
  environment: {},
  set: first.settings,
});
const pipeline = await runPipeline(config, {
  log: createLog('warn'),
  outlets: { print: () => undefined, folder: process.cwd() },
});
pipeline.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
const load =
  first.series === 0
    ? undefined
    : new SoakLoad({ ...pipeline, partitions: config.topics.partitions, series: first.series });
tell({ kind: 'running' });
process.on('message', async (order: SoakOrder) => {
  if (order.kind === 'endLoad' && load !== undefined)
    tell({ kind: 'sent', sent: await load.stop() });
  if (order.kind === 'finish') await finish();
});
for await (const _ of every(SAMPLE_MS)) {
  tell({
    kind: 'sample',
    rssBytes: process.memoryUsage.rss(),
    handles: countOf(process.getActiveResourcesInfo()),
    figures: pipeline.figures(),
  });
}

async function finish(): Promise<void> {
  await untilIdle(pipeline);
  const figures = pipeline.figures();
  await pipeline.stop();
  // Only when it has left this process may it end.
  process.send?.({ kind: 'finished', figures } satisfies SoakMessage, () => process.exit(0));
}

function tell(message: SoakMessage): void {
  process.send?.(message);
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
