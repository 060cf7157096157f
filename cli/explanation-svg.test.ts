import { describe, expect, it } from 'vitest';
import type { AnomalyView } from './anomaly-view.ts';
import { courseChart } from './course-chart.ts';
import { explanationSvg } from './explanation-svg.ts';
import { exampleAnomaly } from './findings.fixture.ts';
import { plainPaint } from './terminal.ts';

const anomaly = exampleAnomaly(1, {
  metric: 'queue<script>alert(1)</script>',
  labels: { host: '"a" & b', path: "x\u0007'y" },
  unit: '<s>',
  members: [
    { modelId: 'forecast', generation: 1, raw: 4, surprise: 6, weight: 1, skipped: null },
    { modelId: 'step', generation: 1, raw: 0, surprise: 0, weight: 1, skipped: 'warming' },
  ],
  features: [
    { name: 'distance_from_expected', value: 4, contribution: 0.75 },
    { name: 'step_size', value: 1, contribution: 0.25 },
  ],
});

const view: AnomalyView = {
  points: Array.from({ length: 100 }, (_, i) => ({
    ms: anomaly.startMs + (i - 80) * 1000,
    value: i >= 80 && i < 84 ? 7.5 : 1 + (i % 5) / 10,
    lower: 0.5,
    upper: 2,
    isInside: i >= 80 && i < 84,
  })),
  nearest: {
    ...{ from: 10, to: 41, distance: 1.25 },
    ...{ startMs: anomaly.startMs - 3_600_000, endMs: anomaly.startMs - 3_569_000 },
    values: Array.from({ length: 32 }, (_, i) => (i > 28 ? 6 : 1)),
  },
  covariates: [
    ...[{ name: 'errors<&>', labels: {}, deviations: 12, before: 1, farthest: 9, lagMs: -2000 }],
    ...[{ name: 'idle', labels: {}, deviations: -8, before: 9, farthest: 1, lagMs: 0 }],
  ],
};

/** Names of the elements in order; fails where one is closed that is not open. */
function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, close, name = '', , empty] of svg.matchAll(
    /<(\/?)(\w+)((?:[^<>"]|"[^"]*")*?)(\/?)>/g,
  )) {
    if (close === '/') expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (empty === '') open.push(name);
    }
  }
  expect(open).toEqual([]);
  return names;
}

describe('explanationSvg', () => {
  const svg = explanationSvg(anomaly, view);

  it('draws band, values, span, peak, the nearest window as a ghost, and a bar for each model', () => {
    const names = elementsOf(svg);
    expect(names[0]).toBe('svg');
    expect(svg.match(/class="(?:band|ghost|value|span|peak)"/g)?.sort()).toEqual(
      ['band', 'band', 'ghost', 'peak', 'span', 'span', 'value'].map((kind) => `class="${kind}"`),
    );
    const bars = [...svg.matchAll(/class="bar"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(bars).toHaveLength(2);
    expect((bars[0] ?? 0) / (bars[1] ?? 1)).toBeCloseTo(3, 5);
    expect(svg).toContain('1.25 usual deviations away');
    expect(svg).toContain('idle down 9 → 1, at once');
    expect(svg).toContain('step did not score: warming');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('escapes what comes from records, and has no control characters', () => {
    expect(svg).not.toContain('<script');
    expect(svg).toContain('queue&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(svg).toContain('errors&lt;&amp;&gt; up 1 → 9, 2s before');
    expect(svg).toContain('in &lt;s&gt;');
    expect([...svg].filter((char) => char < ' ' && char !== '\n')).toEqual([]);
  });

  it('has colours for light and for dark paper', () => {
    const [light = '', dark = ''] = svg.split('@media (prefers-color-scheme: dark)');
    for (const kind of [
      'text',
      '.paper',
      '.dim',
      '.axis',
      '.band',
      '.value',
      '.ghost',
      '.span',
      '.bar',
    ]) {
      expect(light).toContain(kind);
      expect(dark.split('</style>')[0]).toContain(kind);
    }
  });

  it('says so where the points are gone, and leaves out what is not known', () => {
    const gone = explanationSvg(anomaly, undefined);
    elementsOf(gone);
    expect(gone).toContain('does not hold the points of this anomaly any more');
    expect(gone).not.toContain('polyline');
    const { nearest: _, ...rest } = view;
    const young = explanationSvg(anomaly, { ...rest, nearest: undefined, covariates: [] });
    elementsOf(young);
    expect(young).not.toContain('class="ghost"');
    expect(young).toContain('too little is known of its past');
    expect(young).toContain('nothing that is known');
  });

  it('draws a flat course, and one without a band', () => {
    const flat = view.points.map((point) => ({
      ...point,
      value: 3,
      lower: Number.NaN,
      upper: Number.NaN,
    }));
    const drawn = explanationSvg(
      { ...anomaly, value: 3 },
      { ...view, points: flat, nearest: undefined },
    );
    elementsOf(drawn);
    expect(drawn).not.toContain('<polygon');
    expect(drawn).not.toMatch(/NaN|Infinity/);
  });
});

describe('courseChart', () => {
  it('draws as many columns as there is room for, and no odd point is lost in them', () => {
    const painted = courseChart(view, 40, (_style, text) => `<${text}>`);
    expect(painted).toHaveLength(10);
    expect(painted[0]).toContain('<●>');
    const plain = courseChart(view, 40, plainPaint);
    for (const line of plain) expect(line.length).toBeLessThanOrEqual(40);
    expect(plain[0]).toContain('7.5');
    expect(plain.at(-1)).toContain('0.5');
    expect(plain.join('')).toContain('░');
  });
});
