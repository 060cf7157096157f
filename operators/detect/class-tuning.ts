import { classNames } from '../../models/metric-class.ts';
import type { ClassModel } from '../../models/scorer.ts';
import type { DetectTuning } from './tuning.ts';

/**
 * Returns the constants of every class, by its number in `classNames`: the general ones, but for what a class has of its own.
 *
 * A class whose entries are absent is scored as `general` is.
 */
export function classTunings(
  tuning: DetectTuning,
  entries: readonly ClassModel[] = [],
): readonly DetectTuning[] {
  return classNames.map((name) => {
    let own = tuning;
    for (const entry of entries) {
      if (entry.metricClass === name && 'part' in entry)
        own = { ...own, [entry.part]: entry.values };
    }
    return own;
  });
}
