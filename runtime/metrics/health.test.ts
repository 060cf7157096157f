import { describe, expect, it } from 'vitest';
import { judgeLive, judgeReady, type StageCondition } from './health.ts';

const limits = { callSeconds: 60, writeSeconds: 120 };

function condition(over: Partial<StageCondition> = {}): StageCondition {
  return {
    stage: 'detect',
    phase: 'running',
    fault: undefined,
    joined: true,
    restoring: [],
    writeFault: undefined,
    oldestCallSeconds: 0,
    writeSeconds: 0,
    ...over,
  };
}

function judged(over: Partial<StageCondition>) {
  const conditions = [condition({ stage: 'validate' }), condition(over)];
  const [live, ready] = [judgeLive(conditions, limits), judgeReady(conditions, limits)];
  // The other stage is well whatever this one is.
  expect(live.stages[0]).toEqual({ stage: 'validate', ok: true });
  expect(ready.stages[0]).toEqual({ stage: 'validate', ok: true });
  return { live: live.status, ready: ready.status, why: ready.stages[1]?.reason };
}

describe('health', () => {
  it.each<[string, Partial<StageCondition>, string, string, string | undefined]>([
    ['runs', {}, 'ok', 'ok', undefined],
    ['is busy within bounds', { oldestCallSeconds: 60, writeSeconds: 120 }, 'ok', 'ok', undefined],
    [
      'has ended by a fault',
      { phase: 'failed', fault: 'KERNEL_FAILED' },
      'failing',
      'failing',
      'ended: KERNEL_FAILED',
    ],
    [
      'hangs in a kernel',
      { oldestCallSeconds: 60.1 },
      'failing',
      'failing',
      'stuck: a kernel call has been under way for 60.1 s',
    ],
    [
      'hangs in a write',
      { writeSeconds: 121 },
      'failing',
      'failing',
      'stuck: a write has been under way for 121.0 s',
    ],
    [
      'is rebuilt',
      { phase: 'rebuilding', fault: 'KERNEL_TIMEOUT' },
      'ok',
      'failing',
      'rebuilding after KERNEL_TIMEOUT',
    ],
    ['was told to stop', { phase: 'stopped' }, 'ok', 'failing', 'stopped'],
    ['has no partitions yet', { joined: false }, 'ok', 'failing', 'waiting for its partitions'],
    ['restores', { restoring: [1, 3] }, 'ok', 'failing', 'restoring partition 1, 3'],
    [
      'cannot write',
      { writeFault: 'TRANSPORT_UNAVAILABLE' },
      'ok',
      'failing',
      'topics cannot be written: TRANSPORT_UNAVAILABLE',
    ],
  ])('of a stage that %s', (_name, over, live, ready, why) => {
    expect(judged(over)).toEqual({ live, ready, why });
  });
});
