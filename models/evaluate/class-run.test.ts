import { describe, expect, it } from 'vitest';
import { type ClassRun, classAccuracy, runFleetClasses } from './class-run.ts';
import { cadences } from './generated-faults.ts';

// The thresholds lie a little below what was measured with more series; see models/EVALUATION.md.

describe('the class inferred from values', { timeout: 120_000 }, () => {
  it.each([
    ['the first 1,024 points', 1024, 0.62, 0.7],
    ['some days', Number.POSITIVE_INFINITY, 0.74, 0.84],
  ])('is mostly right after %s', (_, first, all, rates) => {
    const runs = cadences.flatMap((cadence) => runFleetClasses(cadence, 3, first));
    expect(classAccuracy(runs)).toBeGreaterThan(all);
    expect(classAccuracy(runs, true)).toBeGreaterThan(rates);
  });

  it('seldom changes once it is found', () => {
    const runs = cadences.flatMap((cadence) => runFleetClasses(cadence, 3));
    const changes = runs.reduce((sum: number, run: ClassRun) => sum + run.changes, 0);
    expect(changes / runs.length).toBeLessThan(2);
  });
});
