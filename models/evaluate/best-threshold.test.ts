import { expect, it } from 'vitest';
import { bestThreshold } from './best-threshold.ts';

function rows(scores: readonly number[], events: readonly number[]) {
  const labels = new Uint8Array(scores.length);
  for (const at of events) labels[at] = 1;
  const onsets = new Uint8Array(scores.length);
  return { name: 'a', scores: Float64Array.from(scores), onsets, labels, days: 1 };
}

it('finds the threshold between the events and the rest, and merges alerts that follow each other soon', () => {
  const scores = new Array(200).fill(0).map((_, i) => (i % 7) / 10);
  scores[60] = 5;
  scores[64] = 5;
  scores[130] = 4;
  const one = rows(scores, [60, 130]);
  expect(bestThreshold([one], 0)).toMatchObject({ f1: 1, precision: 1, recall: 1, threshold: 4 });
  // Without quiet time the alert at 80 is another, and a false one; with it, it belongs to that at 60.
  scores[80] = 6;
  const later = rows(scores, [60, 130]);
  expect(bestThreshold([later], 0).precision).toBeCloseTo(3 / 4, 9);
  expect(bestThreshold([later], 30)).toMatchObject({ f1: 1, precision: 1 });
});
