import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { toPipelineError } from './kafka-fault.ts';

describe('toPipelineError', () => {
  const missing = { operation: 'Write', resource: 'topic', name: 'vigie.anomalies' } as const;

  it('says who lacks which permission on what, and that no repeat helps', () => {
    const refused = new KafkaError('TOPIC_AUTHORIZATION_FAILED', 'no', false, { missing });
    const error = toPipelineError(refused, 'write to vigie.anomalies', 'User:worker');
    expect([error.code, error.fate]).toEqual(['TRANSPORT_FORBIDDEN', 'stop']);
    expect(error.detail).toBe(
      'write to vigie.anomalies: User:worker lacks Write on topic vigie.anomalies',
    );
    expect(error.cause).toBe(refused);
  });

  it('tells what may pass from what will not', () => {
    const codeOf = (type: string, retriable: boolean) =>
      toPipelineError(new KafkaError(type, 'x', retriable), 'read', 'User:worker').code;
    expect(codeOf('NOT_LEADER', true)).toBe('TRANSPORT_UNAVAILABLE');
    expect(codeOf('AUTHENTICATION', false)).toBe('TRANSPORT_REFUSED');
    expect(codeOf('UNKNOWN_TOPIC_OR_PARTITION', true)).toBe('TRANSPORT_REFUSED');
  });
});
