/** Buffer lengths between none and the whole one. */
const STEPS = 10;

/**
 * Volume under the buffered precision-recall curves of a score (Paparrizos et al., VLDB 2022); NaN without labels.
 *
 * For buffers l = 0, L/10, …, L the labels get shoulders of weight sqrt(1 - d/l) up to l/2 rows from an event. Recall is
 * the weight found over the mean of rows labelled and weight, times the share of events touched; precision the weight
 * found over rows taken. Mean over l of the area. `buffer` is L, in rows.
 */
export function vusPr(scores: Float64Array, labels: Uint8Array, buffer = 20): number {
  const events = labelledRuns(labels);
  if (events.length === 0) return Number.NaN;
  const order = Uint32Array.from(scores.keys()).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
  );
  const lengths = new Set<number>();
  for (let k = 0; k <= STEPS; k++) lengths.add(roundHalfEven((buffer * k) / STEPS));
  let sum = 0;
  for (const length of lengths) sum += areaFor(scores, labels, events, order, length);
  return sum / lengths.size;
}

function labelledRuns(labels: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1 || labels[i - 1] === 1) continue;
    let last = i;
    while (labels[last + 1] === 1) last += 1;
    runs.push([i, last]);
  }
  return runs;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function areaFor(
  scores: Float64Array,
  labels: Uint8Array,
  events: readonly [number, number][],
  order: Uint32Array,
  length: number,
): number {
  const half = Math.floor(length / 2);
  const weights = weightsFor(labels, events, length);
  const peaks = events.map(([from, to]) => {
    const end = Math.min(labels.length, to + half + 1);
    return scores.subarray(Math.max(0, from - half), end).reduce((a, b) => Math.max(a, b));
  });
  peaks.sort((a, b) => b - a);
  let labelled = 0;
  let weight = 0;
  for (let i = 0; i < labels.length; i++) {
    labelled += labels[i] as number;
    weight += weights[i] as number;
  }
  let found = 0;
  let touched = 0;
  let recallBefore = 0;
  let area = 0;
  for (let rank = 0; rank < order.length; rank++) {
    const row = order[rank] as number;
    found += weights[row] as number;
    const score = scores[row] as number;
    if (rank + 1 < order.length && scores[order[rank + 1] as number] === score) continue;
    while (touched < peaks.length && (peaks[touched] as number) >= score) touched += 1;
    const share = touched / peaks.length;
    const recall = Math.min(1, found / (0.5 * (labelled + weight))) * share;
    area += ((recall - recallBefore) * found) / (rank + 1);
    recallBefore = recall;
  }
  return area;
}

function weightsFor(
  labels: Uint8Array,
  events: readonly [number, number][],
  length: number,
): Float64Array {
  const weights = Float64Array.from(labels);
  for (let d = 1; d <= Math.floor(length / 2); d++) {
    const slope = Math.sqrt(1 - d / length);
    for (const [from, to] of events) {
      for (const row of [from - d, to + d]) {
        if (row < 0 || row >= labels.length) continue;
        weights[row] = Math.max(weights[row] as number, slope);
      }
    }
  }
  return weights;
}
