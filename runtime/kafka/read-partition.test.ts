import { expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { FastPace, FetchableLog, nextTurn } from './fetchable-log.fixture.ts';
import { readPartition } from './read-partition.ts';

const away = new KafkaError('CONNECTION', 'closed', true);

function reading(log: FetchableLog, from: number, to?: number, signal?: AbortSignal) {
  return readPartition({
    topic: 't',
    partition: 0,
    from,
    ...(to === undefined ? {} : { to }),
    signal: signal ?? new AbortController().signal,
    client: log.client(),
    pace: new FastPace(),
    limits: { maxWaitMs: 1, maxBytes: 1, maxBytesPerPartition: 1 },
    limitMs: 1000,
  });
}

async function offsetsOf(read: ReturnType<typeof readPartition>): Promise<readonly number[]> {
  const offsets: number[] = [];
  for await (const records of read) offsets.push(...records.map(({ offset }) => offset));
  return offsets;
}

it('reads to the end asked for, which may lie inside a fetch', async () => {
  const log = new FetchableLog();
  log.high = 9;
  expect(await offsetsOf(reading(log, 2, 5))).toEqual([2, 3, 4]);
  expect(await offsetsOf(reading(log, 5, 5))).toEqual([]);
});

it('ends although compaction left nothing at the end', async () => {
  const log = new FetchableLog();
  log.high = 6;
  for (const offset of [1, 4, 5]) log.compacted.add(offset);
  expect(await offsetsOf(reading(log, 0, 6))).toEqual([0, 2, 3]);
});

it('begins at the lowest offset when the wanted one is gone', async () => {
  const log = new FetchableLog();
  log.low = 3;
  log.high = 5;
  expect(await offsetsOf(reading(log, 0, 5))).toEqual([3, 4]);
});

it('waits for an offset that is not written yet, and never goes back', async () => {
  const log = new FetchableLog();
  const stop = new AbortController();
  const read = offsetsOf(reading(log, 2, undefined, stop.signal));
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  log.high = 4;
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  stop.abort();
  expect(await read).toEqual([2, 3]);
});

it('gives up a bounded read of what nobody writes', async () => {
  const log = new FetchableLog();
  const read = offsetsOf(reading(log, 2, 4));
  await expect(read).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
});

it('bears a broker that is away for a while', async () => {
  const log = new FetchableLog();
  log.high = 4;
  log.faults.push(away, away, away);
  expect(await offsetsOf(reading(log, 0, 4))).toEqual([0, 1, 2, 3]);
});

it('gives up a bounded read when the broker stays away', async () => {
  const log = new FetchableLog();
  log.leader = away;
  const read = offsetsOf(reading(log, 0, 4));
  await expect(read).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
});

it('waits for ever when it follows, until its signal', async () => {
  const log = new FetchableLog();
  log.leader = away;
  const stop = new AbortController();
  const read = offsetsOf(reading(log, 0, undefined, stop.signal));
  for (let turn = 0; turn < 500; turn += 1) await nextTurn();
  log.leader = 1;
  log.high = 2;
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  stop.abort();
  expect(await read).toEqual([0, 1]);
});

it('says at once what is refused', async () => {
  const log = new FetchableLog();
  log.refusal = new KafkaError('TOPIC_AUTHORIZATION_FAILED', 'no', false);
  const read = offsetsOf(reading(log, 0));
  await expect(read).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
});
