import { classNumber } from '../metric-class.ts';
import type { ClassModel, Scorer } from '../scorer.ts';

/**
 * Makes a scorer that runs the models of another, but whose classes have something else of their own.
 *
 * @param classes entries of any constants, and of those graphs that the other scorer has.
 */
export function withClasses(scorer: Scorer, classes: readonly ClassModel[]): Scorer {
  const graphs = new Map<string, Set<number>>();
  for (const entry of classes) {
    if (!('model' in entry)) continue;
    const own = graphs.get(entry.model) ?? new Set();
    graphs.set(entry.model, own.add(classNumber(entry.metricClass) ?? 0));
  }
  return {
    modelSet: { ...scorer.modelSet, classes },
    run: (modelId, input, rows, output, of) => {
      const own = graphs.get(modelId);
      const kept = of?.subarray(0, rows).map((number) => (own?.has(number) ? number : 0));
      return scorer.run(modelId, input, rows, output, kept);
    },
  };
}
