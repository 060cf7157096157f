import { describe, expect, it } from 'vitest';
import { SlotWriter } from '../runtime/slot.ts';
import type { TaskResult } from '../runtime/task.ts';
import type { RecordHeaders } from '../runtime/transport.ts';
import { outboundRecords } from './stage-write.ts';
import { topology } from './topology.ts';

const [spec] = topology;
const DEAD_LETTER = spec.outputs.length;
const mark: RecordHeaders = { traceparent: Buffer.from('ours') };

/** What a kernel made: two outputs without headers and a dead letter with those of its record. */
function makeResult(): TaskResult {
  const slot = new SlotWriter(new SharedArrayBuffer(1024));
  const record = { key: null, value: Buffer.from('x'), timestampMs: 5 };
  slot.append(0, 3, 0, { ...record, headers: {} });
  slot.append(0, 3, 0, { ...record, headers: {} });
  const headers = { traceparent: Buffer.from('theirs'), 'error.code': Buffer.from('X') };
  slot.append(DEAD_LETTER, 3, 0, { ...record, headers });
  const answer = { bytes: slot.byteLength };
  return { kind: 'outputs', output: slot.buffer, answer } as TaskResult;
}

describe('outboundRecords', () => {
  it('names the topics, and without traces hands on the headers as they are', () => {
    const records = outboundRecords(spec, 'p.', makeResult(), undefined);
    expect(records.map(({ topic, partition }) => [topic, partition])).toEqual([
      ['p.metrics.validated', 3],
      ['p.metrics.validated', 3],
      ['p.dead-letter', 3],
    ]);
    // The very same object: nothing is made per record.
    expect(records[0]?.headers).toBe(records[1]?.headers);
    expect(records[0]?.headers).toEqual({});
  });

  it('adds headers to those a record has, which win', () => {
    const text = ({ traceparent }: RecordHeaders) => Buffer.from(traceparent ?? []).toString();
    const records = outboundRecords(spec, 'p.', makeResult(), mark);
    expect(records.map(({ headers }) => text(headers))).toEqual(['ours', 'ours', 'theirs']);
    expect(Object.keys(records[2]?.headers ?? {})).toContain('error.code');
  });
});
