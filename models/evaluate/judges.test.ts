import { describe, expect, it } from 'vitest';
import { bootstrap, wilson } from './intervals.ts';
import { nabLowFalse, nabScore, nabStandard } from './nab-score.ts';
import { countOnsets, onsetRatios, widenedEvents, withoutProbation } from './onset-metrics.ts';
import { vusPr } from './vus-pr.ts';

/** Labels of `total` rows with ones in `[from, to)`. */
function labelled(total: number, ...spans: [number, number][]): Uint8Array {
  const labels = new Uint8Array(total);
  for (const [from, to] of spans) labels.fill(1, from, to);
  return labels;
}

function at(total: number, rows: Readonly<Record<number, number>>): Uint8Array {
  const onsets = new Uint8Array(total);
  for (const [row, onset] of Object.entries(rows)) onsets[Number(row)] = onset;
  return onsets;
}

/** Scores with many ties and no pattern: the low bits of a product. */
function mixed(total: number): Float64Array {
  return Float64Array.from({ length: total }, (_, i) => ((i * 7919) % 101) / 50);
}

describe('vusPr', () => {
  // Reference values: `vus_pr` of the judge that comes with the labelled data, on the same arrays.
  const labels = labelled(400, [50, 51], [120, 160], [300, 307]);

  it('is what the independent judge says', () => {
    expect(vusPr(mixed(400), labels, 20)).toBeCloseTo(0.18945288464739682, 9);
    expect(vusPr(mixed(400), labels, 7)).toBeCloseTo(0.14315662171021523, 9);
    expect(vusPr(Float64Array.from(labels), labels, 20)).toBeCloseTo(0.8473304903344377, 9);
  });

  it('is 1 for the labels themselves without a buffer, and nothing without labels', () => {
    expect(vusPr(Float64Array.from(labels), labels, 0)).toBeCloseTo(1, 12);
    expect(vusPr(mixed(400), new Uint8Array(400))).toBeNaN();
  });
});

describe('countOnsets', () => {
  it('takes an onset that starts in a widened event as true, each event once', () => {
    const rows = {
      name: 'a',
      scores: new Float64Array(100).fill(1.5, 60, 64),
      onsets: at(100, { 18: 1, 30: 2, 60: 1, 90: 2 }),
      labels: labelled(100, [20, 26], [33, 40], [80, 86]),
      days: 2,
    };
    expect(widenedEvents(rows.labels)).toEqual([
      [18, 44],
      [78, 90],
    ]);
    const counts = countOnsets(rows);
    expect(counts).toMatchObject({ events: 2, eventsHit: 2, alerts: 4, trueAlerts: 3 });
    expect(counts).toMatchObject({ criticalAlerts: 2, criticalTrue: 2, criticalHit: 2 });
    expect(counts).toMatchObject({ normalRows: 60, normalFlagged: 4 });
    expect(onsetRatios(counts)).toMatchObject({ precision: 0.75, recall: 1, falsePerDay: 0.5 });
  });

  it('does not judge the first rows', () => {
    const rows = {
      name: 'a',
      scores: new Float64Array(100),
      onsets: at(100, { 14: 1, 15: 1 }),
      labels: labelled(100, [10, 20]),
      days: 1,
    };
    const judged = withoutProbation(rows);
    expect(countOnsets(judged)).toMatchObject({ alerts: 1, events: 1 });
    expect(judged.days).toBeCloseTo(0.85, 12);
  });
});

describe('nabScore', () => {
  const labels = labelled(1000, [400, 500], [700, 800]);

  it('is 100 for windows hit at their first row, 0 for silence, and less for what comes late', () => {
    const first = [{ labels, onsets: at(1000, { 400: 1, 700: 1 }) }];
    expect(nabScore(first, nabStandard)).toBeCloseTo(100, 9);
    expect(nabScore([{ labels, onsets: new Uint8Array(1000) }], nabStandard)).toBe(0);
  });

  it('is what the independent judge says', () => {
    const files = [
      { labels, onsets: at(1000, { 100: 1, 200: 1, 450: 2, 460: 1, 520: 1, 650: 1, 990: 1 }) },
    ];
    expect(nabScore(files, nabStandard)).toBeCloseTo(36.91241466558088, 9);
    expect(nabScore(files, nabLowFalse)).toBeCloseTo(27.330015158417176, 9);
  });
});

describe('intervals', () => {
  it('gives the interval of a share', () => {
    // Source: Wilson's formula, worked out for 8 of 10.
    expect(wilson(8, 10)[0]).toBeCloseTo(0.4902, 4);
    expect(wilson(8, 10)[1]).toBeCloseTo(0.9433, 4);
    expect(wilson(0, 0)).toEqual([0, 1]);
  });

  it('holds the figure, and gets narrower with more series', () => {
    const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
    const few = bootstrap([1, 2, 3, 4, 5], mean);
    const many = bootstrap(
      Array.from({ length: 200 }, (_, i) => 1 + (i % 5)),
      mean,
    );
    expect(few[0]).toBeLessThan(3);
    expect(few[1]).toBeGreaterThan(3);
    expect(many[1] - many[0]).toBeLessThan((few[1] - few[0]) / 3);
  });
});
