import { describe, expect, it } from 'vitest';
import type { KernelAnswer, KernelCall } from '../kernel-call.ts';
import { type EndedCall, LaneMeter } from './metrics-lanes.ts';

const SHARED = new SharedArrayBuffer(8);

function call(op: 'process' | 'restore', stage = 'detect', bytes = 0): KernelCall {
  const task = { stage, partition: 0 };
  if (op === 'restore') return { op, task, input: SHARED, bytes };
  return { op, task, input: SHARED, bytes, output: SHARED };
}

function answer(elapsedMs: number): KernelAnswer {
  return { bytes: 0, records: 0, counters: {}, gauges: {}, elapsedMs };
}

function makeMeter() {
  const clock = { nowMs: 1000, elapsedMs: () => clock.nowMs };
  const ended: EndedCall[] = [];
  const meter = new LaneMeter(clock, 2, (each) => ended.push(each));
  return { clock, ended, meter };
}

describe('LaneMeter', () => {
  it('tells the time in the thread from the time until the answer', () => {
    const { clock, ended, meter } = makeMeter();
    const end = meter.began(1, call('process'));
    clock.nowMs += 500;
    end(answer(200));
    expect(ended).toEqual([
      { stage: 'detect', op: 'process', waitedSeconds: 0.5, ranSeconds: 0.2 },
    ]);
    expect(meter.figures().busySeconds).toEqual([0, 0.2]);
  });

  it('shows what is under way, per lane and stage, and its age', () => {
    const { clock, meter } = makeMeter();
    meter.began(0, call('process', 'detect'));
    clock.nowMs += 3000;
    const end = meter.began(0, call('process', 'enrich'));
    clock.nowMs += 1000;
    expect(meter.figures()).toMatchObject({
      calls: [2, 0],
      oldestCallSeconds: { detect: 4, enrich: 1 },
    });
    end(answer(1));
    expect(meter.figures()).toMatchObject({ calls: [1, 0], oldestCallSeconds: { detect: 4 } });
    expect(meter.figures().oldestCallSeconds).not.toHaveProperty('enrich');
  });

  it('counts calls given up at their deadline, and their thread as busy until then', () => {
    const { clock, meter } = makeMeter();
    const end = meter.began(0, call('process'));
    clock.nowMs += 30_000;
    end('timeout');
    meter.began(0, call('process'))('failed');
    const { timeouts, busySeconds, calls } = meter.figures();
    expect({ timeouts, busySeconds, calls }).toEqual({
      timeouts: { detect: 1 },
      busySeconds: [30, 0],
      calls: [0, 0],
    });
  });

  it('adds up the state that kernels were handed', () => {
    const { meter } = makeMeter();
    meter.began(0, call('restore', 'enrich', 100))(answer(1));
    meter.began(0, call('restore', 'enrich', 50))(answer(1));
    expect(meter.figures().restoredBytes).toEqual({ enrich: 150 });
  });
});
