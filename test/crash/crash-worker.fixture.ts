import { createInterface } from 'node:readline';
import { loadConfig } from '../../pipelines/config.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { PausableTransport } from './pausable-transport.ts';

// A worker in a process of its own, to be killed or stopped: `node crash-worker.fixture.ts <setting>...`.
// Says `ready`, then often, one JSON line each, its figures; after SIGTERM it finishes and says them once more.
// Takes `pause <partition>` and `resume <partition>` as lines, and ends when its standard input does.

const { options: config } = loadConfig({
  cwd: process.cwd(),
  environment: {},
  set: process.argv.slice(2),
});
const log = createLog('warn');
const transport = new PausableTransport(await openTransport(config, log));
const pipeline = await runPipeline(config, { log, transport });
pipeline.failed.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
const tell = (): void => {
  process.stdout.write(`${JSON.stringify(pipeline.figures())}\n`);
};
const orders = createInterface(process.stdin).on('line', (line) => {
  const [order, partition] = line.split(' ');
  if (order === 'pause') transport.pause(Number(partition));
  else if (order === 'resume') transport.resume(Number(partition));
});
// Whoever started it is gone, whatever happened there.
process.stdin.once('end', () => process.exit(1));
process.stdout.write('ready\n');
const telling = setInterval(tell, 100);
process.once('SIGTERM', async () => {
  await pipeline.stop();
  await transport.close();
  orders.close();
  process.stdin.removeAllListeners('end').destroy();
  clearInterval(telling);
  tell();
});
