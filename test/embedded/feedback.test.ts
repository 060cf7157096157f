import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { feedbackCommand, targetOf } from '../../cli/feedback-command.ts';
import { idHex } from '../../operators/stable-id.ts';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import type { Decision } from '../../schemas/generated/decision.ts';
import { partitionOfText } from '../../schemas/identity.ts';
import type { Fleet } from '../support/fleet.ts';
import { readAnomalies, readTopic, untilIdle } from '../support/pipeline-reading.ts';
import { randomFrom } from '../support/random.ts';
import { writeFleet } from '../support/write-fleet.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const ROUNDS = 900;
const HOSTS = 8;
const folder = mkdtempSync(join(tmpdir(), 'vigie-feedback-run-'));
const dir = `transport.embedded.dir=${join(folder, 'log')}`;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rounds `[from, from + ROUNDS)` of noise with a hump now and then that is no news to anybody. */
function fleet(from: number): Fleet {
  const series = Array.from({ length: HOSTS }, (_, host) => {
    const random = randomFrom(100 * host + from);
    let hump = 0;
    const values = Float64Array.from({ length: ROUNDS }, () => {
      const noise = random() + random() + random() + random() - 2;
      if (random() < 0.004) hump = 3.5 + 4.5 * random();
      hump *= 0.8;
      return 100 + noise + hump;
    });
    return { name: 'load', labels: { host: `h${host}` }, tenant: 'default', values };
  });
  return { startMs: START_MS + from * MINUTE_MS, stepMs: MINUTE_MS, rounds: ROUNDS, series };
}

function writeRounds(pipeline: RunningPipeline, partitions: number, from: number): Promise<number> {
  return writeFleet({ ...pipeline, fleet: fleet(from), partitions, pointsPerRecord: () => 200 });
}

async function opened(pipeline: RunningPipeline): Promise<Anomaly[]> {
  return (await readAnomalies(pipeline)).filter(({ phase }) => phase === 'OPEN');
}

async function decided(pipeline: RunningPipeline): Promise<Decision[]> {
  const found: Decision[] = [];
  for await (const { value } of readTopic(pipeline, 'decisions'))
    found.push(pipeline.codec.decode(value ?? new Uint8Array(0), ['Decision']).value);
  return found.filter(({ stage }) => stage === 'detect');
}

/** Says of anomalies that they were false, from a time on, and waits until every task has heard it. */
async function complain(
  pipeline: RunningPipeline,
  partitions: number,
  marked: readonly Anomaly[],
  effectiveFromMs: number,
): Promise<void> {
  const { transport, prefix, codec } = pipeline;
  const words = { verdict: 'FALSE_ALARM', author: 'ada', comment: '', effectiveFromMs } as const;
  const records = marked.flatMap((anomaly) => {
    const target = targetOf(anomaly);
    if (target === undefined) return [];
    const command = feedbackCommand(target, words);
    const value = codec.encode('Command', command);
    const partition = partitionOfText(anomaly.tenant, partitions);
    const placed = { topic: `${prefix}commands`, partition, headers: {}, timestampMs: 0 };
    return [{ ...placed, key: command.id, value }];
  });
  await transport.write('test', records);
  const isTold = async () =>
    (await decided(pipeline)).filter(({ kind }) => kind === 'FEEDBACK').length >= marked.length;
  await vi.waitUntil(isTold, { timeout: 60_000, interval: 100 });
}

it('what a person says while the pipeline runs holds back what comes after it', async () => {
  const set = [dir, 'transport.embedded.durability=normal', 'detect.sensitivity=0.95'];
  const { options: config } = loadConfig({ cwd: folder, environment: {}, set });
  const { partitions } = config.topics;
  const pipeline = await runPipeline(config, { log: createLog('error') });
  await writeRounds(pipeline, partitions, 0);
  await untilIdle(pipeline);
  const marked = (await opened(pipeline)).slice(0, 12);
  expect(marked.length).toBeGreaterThan(5);
  const fromMs = START_MS + ROUNDS * MINUTE_MS;
  await complain(pipeline, partitions, marked, fromMs);
  await writeRounds(pipeline, partitions, ROUNDS);
  await untilIdle(pipeline);
  await pipeline.endInput();
  await untilIdle(pipeline);
  const later = (await opened(pipeline)).filter(({ startMs }) => startMs >= fromMs);
  const decisions = await decided(pipeline);
  await pipeline.stop();
  const taken = decisions.filter(({ kind }) => kind === 'FEEDBACK');
  expect(taken.map(({ subjectId }) => subjectId).sort()).toEqual(
    marked.map(({ id }) => idHex(id)).sort(),
  );
  expect(later.some(({ threshold }) => threshold > 1)).toBe(true);
  for (const { score, threshold } of later) expect(score).toBeGreaterThanOrEqual(threshold);
  const held = decisions.filter(({ kind, code }) => kind === 'SUPPRESS' && code === 'FEEDBACK');
  expect(held.length).toBeGreaterThan(0);
}, 240_000);
