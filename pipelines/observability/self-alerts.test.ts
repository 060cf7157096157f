import { describe, expect, it } from 'vitest';
import { type StageSample, selfAlerts, type WorkerSample } from './self-alerts.ts';

const limits = {
  expectedIntervalMs: 10_000,
  stallMs: 60_000,
  windowMs: 120_000,
  minLagMs: 30_000,
  kernelTimeoutMs: 30_000,
};
const STEP_MS = 10_000;

function stage(over: Partial<StageSample> = {}): StageSample {
  return {
    stage: 'detect',
    phase: 'running',
    fault: undefined,
    lagRecords: 0,
    lagSeconds: 0,
    settledRecords: 0,
    unaccountedPoints: 0,
    droppedPoints: 0,
    refusedPoints: 0,
    deadLettersCounted: 0,
    deadLettersWritten: 0,
    decisionsWritten: 0,
    kernelTimeouts: 0,
    oldestCallSeconds: 0,
    ...over,
  };
}

/** Samples every 10 s of one stage, whose figures are a function of the step. */
function over(
  steps: number,
  figures: (step: number) => Partial<StageSample>,
  scored?: (step: number) => WorkerSample['scored'],
): WorkerSample[] {
  return Array.from({ length: steps }, (_, step) => {
    const sample = { atMs: 5000 + step * STEP_MS, stages: [stage(figures(step))] };
    const each = scored?.(step);
    return each === undefined ? sample : { ...sample, scored: each };
  });
}

function names(samples: readonly WorkerSample[]): readonly string[] {
  return selfAlerts(samples, limits).map(({ name }) => name);
}

/** A stage that works as it should: everything rises, nothing waits for long. */
const well = (step: number) => ({
  settledRecords: step * 100,
  lagRecords: (step % 3) * 10,
  lagSeconds: step % 3,
  droppedPoints: step,
  decisionsWritten: step,
});
const scoring = (step: number) => ({ points: step * 50, series: 10, pointsIn: step * 50 });

describe('selfAlerts', () => {
  it('has nothing to say of no samples, of one, and of a worker that is well', () => {
    expect(names([])).toEqual([]);
    expect(names(over(1, well, scoring))).toEqual([]);
    expect(names(over(100, well, scoring))).toEqual([]);
  });

  it('has nothing to say of a worker that waits for its first points', () => {
    const none = () => ({ points: 0, series: 0, pointsIn: 0 });
    expect(names(over(100, () => ({}), none))).toEqual([]);
  });
});

describe('stage_stopped', () => {
  it('is on at once for a stage that ended by a fault', () => {
    const samples = over(2, () => ({ phase: 'failed', fault: 'KERNEL_FAILED' }));
    expect(selfAlerts(samples, limits)).toEqual([
      { name: 'stage_stopped', stage: 'detect', detail: 'ended: KERNEL_FAILED' },
    ]);
  });

  it('is on when input waits and none is settled for the whole time', () => {
    const stalled = (step: number) => ({
      lagRecords: step < 3 ? 0 : 40,
      settledRecords: Math.min(step, 3),
    });
    expect(names(over(9, stalled))).toEqual([]);
    expect(names(over(10, stalled))).toEqual(['stage_stopped']);
  });

  it('is on for a stage that is rebuilt again and again', () => {
    const samples = over(10, () => ({ phase: 'rebuilding', lagRecords: 4 }));
    expect(names(samples)).toEqual(['stage_stopped']);
  });

  it('is off for a slow stage, an idle one, and one that was told to stop', () => {
    expect(names(over(10, (step) => ({ lagRecords: 4, settledRecords: step >> 2 })))).toEqual([]);
    expect(names(over(10, () => ({ lagRecords: 0 })))).toEqual([]);
    expect(names(over(10, () => ({ phase: 'stopped', lagRecords: 4 })))).toEqual([]);
  });
});

describe('no_series_scored', () => {
  it('is on after three intervals without a scored point while points come in', () => {
    const scored = (step: number) => ({ points: Math.min(step, 2), series: 0, pointsIn: step * 5 });
    expect(names(over(5, () => ({}), scored))).toEqual([]);
    expect(
      selfAlerts(
        over(6, () => ({}), scored),
        limits,
      ),
    ).toEqual([
      {
        name: 'no_series_scored',
        stage: 'detect',
        detail: '15 points came in, none was scored for 30 s',
      },
    ]);
  });

  it('is on when known series fall silent', () => {
    const scored = (step: number) => ({ points: Math.min(step, 2), series: 7, pointsIn: 2 });
    const [alert] = selfAlerts(
      over(6, () => ({}), scored),
      limits,
    );
    expect(alert?.detail).toBe('no points came for 7 series for 30 s');
  });

  it('is off where detect does not run', () => {
    expect(names(over(100, well))).toEqual([]);
  });
});

describe('lag_growing', () => {
  it('is on when the second half of the window lies above the first', () => {
    const growing = (step: number) => ({
      lagRecords: 10 * step,
      lagSeconds: 10 * step,
      settledRecords: step,
    });
    expect(names(over(12, growing))).toEqual([]);
    expect(selfAlerts(over(13, growing), limits)).toEqual([
      { name: 'lag_growing', stage: 'detect', detail: 'from 60 to 120 records, 120 s old' },
    ]);
  });

  it('is off for lag that is worked off, that stands, or that is young', () => {
    const lag = (of: (step: number) => number, lagSeconds = 100) =>
      names(over(20, (step) => ({ lagRecords: of(step), lagSeconds, settledRecords: step })));
    expect(lag((step) => 1000 - step)).toEqual([]);
    expect(lag(() => 1000)).toEqual([]);
    expect(lag((step) => (step % 5) * 100)).toEqual([]);
    expect(lag((step) => step * 100, 29)).toEqual([]);
    expect(lag((step) => step * 100, 30)).toEqual(['lag_growing']);
  });
});

describe('stuck_worker', () => {
  it('is on while a kernel call is over its deadline', () => {
    const call = (oldestCallSeconds: number) =>
      names(over(2, (step) => ({ oldestCallSeconds: step === 0 ? 0 : oldestCallSeconds })));
    expect(call(30)).toEqual([]);
    expect(call(30.1)).toEqual(['stuck_worker']);
  });

  it('is on for the window after a call was given up, also one before the first sample', () => {
    const givenUp = (steps: number) =>
      names(over(steps, (step) => ({ kernelTimeouts: step < 4 ? 0 : 2 })));
    expect(givenUp(4)).toEqual([]);
    expect(givenUp(5)).toEqual(['stuck_worker']);
    expect(givenUp(16)).toEqual(['stuck_worker']);
    expect(givenUp(17)).toEqual([]);
    expect(names(over(1, () => ({ kernelTimeouts: 1 })))).toEqual(['stuck_worker']);
  });
});

describe('silent_discard', () => {
  it('is on at once when points are lost, or made', () => {
    for (const unaccountedPoints of [1, -1])
      expect(names(over(1, () => ({ unaccountedPoints })))).toEqual(['silent_discard']);
  });

  it('is on when points go on being dropped and nobody is told', () => {
    const dropping = (step: number) => ({
      droppedPoints: step,
      deadLettersCounted: 3,
      deadLettersWritten: 3,
    });
    expect(names(over(12, dropping))).toEqual([]);
    expect(names(over(13, dropping))).toEqual(['silent_discard']);
  });

  it('is on when dead letters were counted and did not arrive', () => {
    const owed = (step: number) => ({
      deadLettersCounted: 5,
      deadLettersWritten: step < 3 ? 0 : 4,
    });
    expect(names(over(12, owed))).toEqual([]);
    expect(names(over(13, owed))).toEqual(['silent_discard']);
  });

  it('is off when decisions or dead letters tell, or when it was one burst', () => {
    const told = names(over(20, (step) => ({ droppedPoints: step, decisionsWritten: step >> 3 })));
    const dead = names(
      over(20, (step) => ({
        droppedPoints: step,
        deadLettersCounted: step,
        deadLettersWritten: step,
      })),
    );
    // The minute of a burst at the end of all input stays open, and so does its decision.
    const burst = names(over(20, (step) => ({ droppedPoints: step < 15 ? 0 : 100 })));
    expect([told, dead, burst]).toEqual([[], [], []]);
  });
});

describe('memory_short', () => {
  it('is on while new series are refused, from the first one on, and over a window after the last', () => {
    const refused = (step: number) => ({ ...well(step), refusedPoints: Math.min(step, 15) });
    expect(names(over(1, refused, scoring))).toEqual([]);
    expect(names(over(2, refused, scoring))).toEqual(['memory_short']);
    expect(names(over(20, refused, scoring))).toEqual(['memory_short']);
    expect(names(over(60, refused, scoring))).toEqual([]);
  });
});
