import { loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';

// A worker in a process of its own, to be killed or stopped: `node crash-worker.fixture.ts <setting>...`.
// Says `ready`, then often, one JSON line each, its figures; after SIGTERM it finishes and says them once more.

const { options: config } = loadConfig({
  cwd: process.cwd(),
  environment: {},
  set: process.argv.slice(2),
});
const pipeline = await runPipeline(config, { log: createLog('warn') });
pipeline.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
const tell = (): void => {
  process.stdout.write(`${JSON.stringify(pipeline.figures())}\n`);
};
process.stdout.write('ready\n');
const telling = setInterval(tell, 100);
process.once('SIGTERM', async () => {
  await pipeline.stop();
  clearInterval(telling);
  tell();
});
