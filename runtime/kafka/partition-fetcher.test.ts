import { afterEach, expect, it } from 'vitest';
import type { PipelineError } from '../errors.ts';
import { KafkaError } from './client.ts';
import { FastPace, FetchableLog, nextTurn } from './fetchable-log.fixture.ts';
import { PartitionFetcher } from './partition-fetcher.ts';

const opened: PartitionFetcher[] = [];
afterEach(() => {
  for (const fetcher of opened.splice(0)) fetcher.close();
});

interface Fetching {
  readonly fetcher: PartitionFetcher;
  readonly delivered: Map<number, number[]>;
  readonly failures: PipelineError[];
}

function fetcherOn(log: FetchableLog): Fetching {
  const delivered = new Map<number, number[]>();
  const failures: PipelineError[] = [];
  const fetcher = new PartitionFetcher({
    client: log.client(),
    pace: new FastPace(),
    limits: { maxWaitMs: 1, maxBytes: 1, maxBytesPerPartition: 1 },
    deliver: (_, partition, records) => {
      const offsets = records.map(({ offset }) => offset);
      delivered.set(partition, [...(delivered.get(partition) ?? []), ...offsets]);
    },
    fail: (error) => failures.push(error),
  });
  opened.push(fetcher);
  return { fetcher, delivered, failures };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

it('delivers each partition in order from where it starts', async () => {
  const log = new FetchableLog();
  log.high = 5;
  const { fetcher, delivered } = fetcherOn(log);
  fetcher.start('t', 0, 1);
  fetcher.start('t', 1, 3);
  await until(() => delivered.get(0)?.length === 4 && delivered.get(1)?.length === 2);
  expect([...delivered]).toEqual([
    [0, [1, 2, 3, 4]],
    [1, [3, 4]],
  ]);
});

it('goes on where it was when no leader was known, a connection broke or the leader moved', async () => {
  const log = new FetchableLog();
  log.high = 2;
  const { fetcher, delivered, failures } = fetcherOn(log);
  fetcher.start('t', 0, 0);
  await until(() => delivered.get(0)?.length === 2);
  log.leader = new KafkaError('LEADER_NOT_AVAILABLE', 'electing', true);
  log.faults.push(new KafkaError('CONNECTION', 'closed', true));
  log.high = 6;
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  expect(delivered.get(0)).toHaveLength(2);
  log.leader = 2;
  await until(() => delivered.get(0)?.length === 6);
  expect(delivered.get(0)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(failures).toEqual([]);
});

it('starts at the lowest offset there is when the wanted one is gone', async () => {
  const log = new FetchableLog();
  log.low = 7;
  log.high = 9;
  const { fetcher, delivered } = fetcherOn(log);
  fetcher.start('t', 0, 2);
  await until(() => delivered.get(0)?.length === 2);
  expect(delivered.get(0)).toEqual([7, 8]);
});

it('keeps what arrives during a pause and delivers it first after it', async () => {
  const log = new FetchableLog();
  const { fetcher, delivered } = fetcherOn(log);
  fetcher.start('t', 0, 0);
  fetcher.start('t', 1, 0);
  await until(() => log.fetches.length > 2);
  fetcher.pause('t', 0);
  log.high = 6;
  await until(() => delivered.get(1)?.length === 6);
  expect(delivered.get(0)).toBeUndefined();
  fetcher.resume('t', 0);
  await until(() => delivered.get(0)?.length === 6);
  expect(delivered.get(0)).toEqual([0, 1, 2, 3, 4, 5]);
});

it('delivers nothing of a stopped partition, and starts it again where it is told', async () => {
  const log = new FetchableLog();
  log.high = 4;
  const { fetcher, delivered } = fetcherOn(log);
  fetcher.start('t', 0, 0);
  fetcher.stop('t', 0);
  fetcher.start('t', 1, 0);
  await until(() => delivered.get(1)?.length === 4);
  expect(delivered.get(0)).toBeUndefined();
  fetcher.start('t', 0, 3);
  await until(() => delivered.has(0));
  expect(delivered.get(0)).toEqual([3]);
});

it('gives up when reading is refused, naming the topic', async () => {
  const log = new FetchableLog();
  log.refusal = new KafkaError('TOPIC_AUTHORIZATION_FAILED', 'no', false);
  const { fetcher, failures } = fetcherOn(log);
  fetcher.start('t', 0, 0);
  await until(() => failures.length > 0);
  expect(failures.map(({ code, detail }) => [code, detail.includes('read t')])).toEqual([
    ['TRANSPORT_REFUSED', true],
  ]);
});
