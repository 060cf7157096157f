import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Config } from '../pipelines/config.ts';
import type { StageFigures } from '../pipelines/stage-stats.ts';

/** A further worker process of a bench. */
export interface ExtraWorker {
  /** Its figures as of its last report, about every 100 ms. */
  figures(): readonly StageFigures[];
  stop(): Promise<void>;
}

/** Starts a worker process with all stages, beside the one that the bench itself is. */
export async function startExtraWorker(config: Config): Promise<ExtraWorker> {
  const child = fork(new URL('./extra-worker.process.ts', import.meta.url));
  let latest: readonly StageFigures[] = [];
  child.on('message', (figures) => {
    latest = figures as readonly StageFigures[];
  });
  child.send(config);
  await once(child, 'message');
  return {
    figures: () => latest,
    stop: async () => {
      child.send('stop');
      await once(child, 'exit');
    },
  };
}
