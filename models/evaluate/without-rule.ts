import { type DetectTuning, defaultTuning } from '../../operators/detect/tuning.ts';
import type { Scorer } from '../scorer.ts';
import { withClasses } from './with-classes.ts';

/** What a series is scored with. */
export interface Scoring {
  readonly scorer: Scorer;
  readonly tuning: DetectTuning;
}

/**
 * Gives a rule no weight, neither in general nor in the classes that have weights of their own.
 *
 * @param place of the rule in `memberIds`.
 */
export function withoutRule(scorer: Scorer, place: number): Scoring {
  const classes = (scorer.modelSet.classes ?? []).map((entry) =>
    'part' in entry && typeof entry.values !== 'number'
      ? { ...entry, values: weightless(entry.values, place) }
      : entry,
  );
  const weights = weightless(defaultTuning.weights, place);
  return { scorer: withClasses(scorer, classes), tuning: { ...defaultTuning, weights } };
}

function weightless(weights: readonly number[], place: number): number[] {
  return weights.map((weight, at) => (at === place ? 0 : weight));
}
