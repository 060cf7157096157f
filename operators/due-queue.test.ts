import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DueQueue } from './due-queue.ts';

describe('DueQueue', () => {
  test('is empty at first', () => {
    const queue = new DueQueue();
    expect(queue.peek()).toBeUndefined();
    expect(queue.take()).toBeUndefined();
  });

  test('scheduling a key again replaces its time, cancelling removes it', () => {
    const queue = new DueQueue();
    queue.schedule('a', 5);
    queue.schedule('b', 4);
    queue.schedule('a', 3);
    queue.cancel('b');
    expect(queue.take()).toEqual({ dueMs: 3, key: 'a' });
    expect(queue.take()).toBeUndefined();
  });

  test('a key that goes back to a former time is due once', () => {
    const queue = new DueQueue();
    for (const dueMs of [1, 2, 1]) queue.schedule('a', dueMs);
    expect(queue.take()).toEqual({ dueMs: 1, key: 'a' });
    expect(queue.take()).toBeUndefined();
  });

  test('gives what a sorted list would, whatever is done to it', () => {
    const action = fc.record({
      kind: fc.constantFrom('schedule', 'schedule', 'schedule', 'cancel', 'take'),
      key: fc.constantFrom(...'abcdefgh'),
      dueMs: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const queue = new DueQueue();
        const model = new Map<string, number>();
        const first = () =>
          [...model]
            .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
            .map(([key, dueMs]) => ({ key, dueMs }))[0];
        for (const { kind, key, dueMs } of actions) {
          if (kind === 'schedule') {
            queue.schedule(key, dueMs);
            model.set(key, dueMs);
          } else if (kind === 'cancel') {
            queue.cancel(key);
            model.delete(key);
          } else {
            const expected = first();
            expect(queue.take()).toEqual(expected);
            model.delete(expected?.key ?? '');
          }
          expect(queue.size).toBe(model.size);
          expect(queue.peek()).toEqual(first());
        }
      }),
      { numRuns: 200 },
    );
  });
});
