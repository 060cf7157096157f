import { describe, expect, it } from 'vitest';
import { PipelineError } from '../errors.ts';
import type { FetchedRecord } from '../transport.ts';
import { PartitionCursor } from './partition-cursor.ts';
import { PartitionLog } from './partition-log.ts';
import type { Batch } from './recent-records.ts';

const record = (offset: number): FetchedRecord => ({
  offset,
  key: null,
  value: null,
  headers: {},
  timestampMs: 0,
});

describe('PartitionCursor', () => {
  const follow = (answers: (Batch | Error)[]) => {
    const log = new PartitionLog('t', { id: 1, partition: 0, low: 0, high: 3 });
    const seen = { fetched: [] as number[], delivered: [] as number[], waits: 0 };
    const end = new Promise<PipelineError>((fail) => {
      const cursor = new PartitionCursor(log, {
        fetch: async (_, from) => {
          seen.fetched.push(from);
          const answer = answers.shift();
          if (answer === undefined || answer instanceof Error)
            throw answer ?? new Error('asked too often');
          return answer;
        },
        deliver: (_, records) => seen.delivered.push(...records.map(({ offset }) => offset)),
        wait: async () => {
          seen.waits += 1;
        },
        fail,
      });
      cursor.start(0);
    });
    return { seen, end };
  };

  it('tries a read again that failed for a passing reason, and gives up on a lasting one', async () => {
    const { seen, end } = follow([
      { records: [record(0)], next: 1 },
      new PipelineError('TRANSPORT_UNAVAILABLE'),
      new PipelineError('TRANSPORT_UNAVAILABLE'),
      { records: [record(1)], next: 2 },
      new PipelineError('LOG_UNREADABLE'),
    ]);
    expect((await end).code).toBe('LOG_UNREADABLE');
    expect(seen).toEqual({ fetched: [0, 1, 1, 1, 2], delivered: [0, 1], waits: 2 });
  });

  it('reports a foreign error as a refusal with its text', async () => {
    const { end } = follow([new TypeError('surprise')]);
    expect(await end).toMatchObject({ code: 'TRANSPORT_REFUSED', detail: 'TypeError: surprise' });
  });

  it('steps over a gap that compaction left without delivering an empty batch', async () => {
    const { seen, end } = follow([
      { records: [], next: 2 },
      { records: [record(2)], next: 2 },
      new PipelineError('LOG_UNREADABLE'),
    ]);
    await end;
    expect(seen).toEqual({ fetched: [0, 2, 2], delivered: [2], waits: 0 });
  });
});
