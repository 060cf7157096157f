import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../cli/recording-terminal.fixture.ts';
import { idHex } from '../../operators/stable-id.ts';
import { loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import type { Fleet } from '../support/fleet.ts';
import { readAnomalies, untilIdle } from '../support/pipeline-reading.ts';
import { randomFrom } from '../support/random.ts';
import { writeFleet } from '../support/write-fleet.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const ROUNDS = 800;
/** The same fault twice; at the second one another series of the host moves too, a minute earlier. */
const FIRST = 300;
const SECOND = 700;
const LENGTH = 12;

function fleet(): Fleet {
  const random = randomFrom(9);
  const isIn = (round: number, at: number, from = 0) => round >= at + from && round < at + LENGTH;
  const valuesOf = (valueAt: (round: number) => number) =>
    Float64Array.from({ length: ROUNDS }, (_, round) => valueAt(round) + random());
  const odd = (round: number) => isIn(round, FIRST) || isIn(round, SECOND);
  const series = [
    ['load', 'a', (round: number) => (odd(round) ? 60 : 20)],
    ['queue', 'a', (round: number) => (isIn(round, SECOND, -1) ? 25 : 5)],
    ['calm', 'a', () => 5],
    ['queue', 'b', (round: number) => (isIn(round, SECOND, -1) ? 25 : 5)],
  ] as const;
  return {
    startMs: START_MS,
    stepMs: MINUTE_MS,
    rounds: ROUNDS,
    series: series.map(([name, host, valueAt]) => ({
      ...{ name, labels: { host }, tenant: 'default' },
      values: valuesOf(valueAt),
    })),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'vigie-explain-'));
const dir = `transport.embedded.dir=${join(folder, 'log')}`;
let id: string;

beforeAll(async () => {
  const set = [dir, 'transport.embedded.durability=normal'];
  const { options: config } = loadConfig({ cwd: folder, environment: {}, set });
  const pipeline = await runPipeline(config, { log: createLog('error') });
  const { partitions } = config.topics;
  await writeFleet({ ...pipeline, fleet: fleet(), partitions, pointsPerRecord: () => 400 });
  await untilIdle(pipeline);
  const found = (await readAnomalies(pipeline)).find(
    ({ metric, startMs }) => metric === 'load' && startMs >= START_MS + SECOND * MINUTE_MS,
  );
  id = idHex(found?.id ?? new Uint8Array(0));
  await pipeline.stop();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const explain = (...args: string[]) =>
  runCommandLine(['explain', id, ...args, '--set', dir], { cwd: folder });

describe('vigie explain', () => {
  it('finds the earlier fault, and what of the host moved at the same time', async () => {
    const { code, out } = await explain('-o', 'json');
    expect(code).toBe(0);
    const { nearest, movedTogether } = JSON.parse(out);
    // 32 minutes that end within the first fault, a little after its start as the peak is after that of the second.
    expect(nearest.endMs).toBeGreaterThanOrEqual(START_MS + FIRST * MINUTE_MS);
    expect(nearest.endMs).toBeLessThan(START_MS + (FIRST + LENGTH) * MINUTE_MS);
    expect(nearest.endMs - nearest.startMs).toBe(31 * MINUTE_MS);
    expect(movedTogether).toHaveLength(1);
    expect(movedTogether[0]).toMatchObject({ name: 'queue', labels: { host: 'a' } });
    expect(movedTogether[0].lagMs).toBeLessThan(0);
  });

  it('draws it in the terminal and as SVG', async () => {
    const { code, out, err } = await explain('--svg', 'why.svg');
    expect(code).toBe(0);
    expect(err).toContain('drawn in why.svg');
    for (const part of ['Course', '●', '░', 'Nearest before', 'queue{host="a"} up'])
      expect(out).toContain(part);
    const svg = readFileSync(join(folder, 'why.svg'), 'utf8');
    for (const kind of ['band', 'ghost', 'value', 'span', 'peak', 'bar'])
      expect(svg).toContain(`class="${kind}"`);
  });

  it('leaves the series out when asked to', async () => {
    const { code, out } = await explain('--no-history');
    expect(code).toBe(0);
    expect(out).toContain('What the models said');
    expect(out).not.toContain('Course');
  });

  it('says what is wrong with a file that cannot be written', async () => {
    const { code, err } = await explain('--no-history', '--svg', 'no/such/folder/why.svg');
    expect(code).toBe(1);
    expect(err).toContain('no/such/folder/why.svg cannot be written');
  });
});
