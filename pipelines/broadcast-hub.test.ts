import { expect, it } from 'vitest';
import type { FetchedRecord, Transport } from '../runtime/transport.ts';
import { BroadcastHub } from './broadcast-hub.ts';

type Log = Pick<Transport, 'ranges' | 'read'> & {
  append(partition: number, ...words: string[]): void;
  /** Reads that were begun and follow. */
  readonly followers: () => number;
};

/** A log of two partitions in memory; what is appended reaches those that follow in the next turn. */
function memoryLog(): Log {
  const logs: FetchedRecord[][] = [[], []];
  const waiting = new Set<() => void>();
  let followers = 0;
  return {
    followers: () => followers,
    append(partition, ...words) {
      const log = logs[partition] ?? [];
      for (const word of words) {
        const value = Buffer.from(word);
        log.push({ key: null, value, headers: {}, timestampMs: 0, offset: log.length });
      }
      for (const wake of waiting) wake();
      waiting.clear();
    },
    async ranges() {
      return logs.map((log, partition) => ({ partition, low: 0, high: log.length }));
    },
    async *read(_topic, partition, from, { to, signal } = {}) {
      if (to === undefined) followers += 1;
      const end = to ?? Number.POSITIVE_INFINITY;
      for (let next = from; next < end && signal?.aborted !== true; ) {
        const records = (logs[partition] ?? []).slice(next, Math.min(end, next + 1));
        next += records.length;
        if (records.length > 0) yield records;
        else await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
}

function open(log: Log) {
  const faults: unknown[] = [];
  const abort = new AbortController();
  const hub = new BroadcastHub({
    transport: log,
    prefix: 'p.',
    topics: ['words'],
    fail: (error) => faults.push(error),
    signal: abort.signal,
  });
  const heard = (task: number) => {
    const words: string[] = [];
    const attached = hub.attach(task, (topic, records, partition) => {
      for (const { value } of records) words.push(`${topic}/${partition} ${value}`);
    });
    return { words, attached };
  };
  return { hub, abort, faults, heard };
}

/** Lets everything that waits for nothing but a turn come to rest. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('feeds a task every partition from its beginning, then what comes later, once', async () => {
  const log = memoryLog();
  log.append(0, 'a');
  log.append(1, 'x', 'y');
  const { heard } = open(log);
  const first = heard(0);
  await first.attached;
  expect(first.words).toEqual(['words/0 a', 'words/1 x', 'words/1 y']);
  log.append(1, 'z');
  await settle();
  log.append(0, 'b');
  await settle();
  expect(first.words.slice(3)).toEqual(['words/1 z', 'words/0 b']);
});

it('feeds a task that comes later the same, from one read that follows each partition', async () => {
  const log = memoryLog();
  log.append(0, 'a');
  const { heard } = open(log);
  await heard(0).attached;
  log.append(0, 'b');
  const second = heard(1);
  // Written while the beginning is still being read.
  log.append(0, 'c');
  await second.attached;
  await settle();
  expect(second.words).toEqual(['words/0 a', 'words/0 b', 'words/0 c']);
  expect(log.followers()).toBe(2);
});

it('feeds a task no more that was detached', async () => {
  const log = memoryLog();
  const { hub, heard } = open(log);
  const { words, attached } = heard(0);
  await attached;
  hub.detach(0);
  log.append(0, 'a');
  await settle();
  expect(words).toEqual([]);
});

it('says once per partition that reading has failed, unless it was ended', async () => {
  const log = memoryLog();
  const broken = {
    ...log,
    read(): ReturnType<Transport['read']> {
      throw new Error('gone');
    },
  };
  const failing = open(broken);
  await failing.heard(0).attached;
  await settle();
  expect(failing.faults).toHaveLength(2);
  const ended = open(broken);
  ended.abort.abort();
  await ended.heard(0).attached;
  await settle();
  expect(ended.faults).toEqual([]);
});
