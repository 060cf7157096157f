import type { ClassModel, Scorer } from '../scorer.ts';

/** Makes a scorer that runs the models of another, but whose classes have something else of their own. */
export function withClasses(scorer: Scorer, classes: readonly ClassModel[]): Scorer {
  return { modelSet: { ...scorer.modelSet, classes }, run: scorer.run.bind(scorer) };
}
