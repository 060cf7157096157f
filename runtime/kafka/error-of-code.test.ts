import { protocolErrors } from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { errorOfCode, throwIfFailed } from './error-of-code.ts';

const asked = { api: 'Fetch', topic: 't', partition: 0 };

describe('errors of a response', () => {
  it('have the names and the chance of a repeat that Kafka gives them', () => {
    let known = 0;
    for (const { code, id, canRetry } of Object.values(protocolErrors)) {
      const error = errorOfCode(code, asked);
      if (error === undefined || error.type === `CODE_${code}`) continue;
      known += 1;
      expect([code, error.type, error.retriable]).toEqual([code, id, canRetry]);
    }
    expect(known).toBeGreaterThan(60);
  });

  it('are none for code 0, and keep a code that is not known', () => {
    expect(errorOfCode(0, asked)).toBeUndefined();
    expect(() => throwIfFailed(0, asked)).not.toThrow();
    expect(() => throwIfFailed(29, asked)).toThrow('Fetch of t/0: TOPIC_AUTHORIZATION_FAILED');
    expect(errorOfCode(9999, asked)).toMatchObject({ type: 'CODE_9999', retriable: false });
  });
});
