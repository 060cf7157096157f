import { describe, expect, it } from 'vitest';
import type { StageFigures } from '../../pipelines/stage-stats.ts';
import { readSoakOptions } from './soak-options.ts';
import { type SoakSample, soakVerdict } from './soak-verdict.ts';

const sent = { points: 1000, badPoints: 10, unreadableRecords: 3 };

function figures(over: Readonly<Record<string, Record<string, number>>> = {}): StageFigures[] {
  const counters: Record<string, Record<string, number>> = {
    validate: {
      points_in_total: 1000,
      points_out_total: 990,
      'points_dead_lettered_total{code="VALUE_NOT_FINITE"}': 10,
      records_unreadable_total: 3,
    },
    enrich: { points_in_total: 990, points_out_total: 990 },
    detect: { points_in_total: 990, points_out_total: 990 },
  };
  return Object.entries(counters).map(([name, own]) => ({
    name,
    counters: { ...own, ...over[name] },
    gauges: {},
    lagRecords: 0,
  }));
}

function samples(
  rss: (i: number) => number,
  handles = (_i: number) => ({ Pipe: 2 }),
): SoakSample[] {
  return Array.from({ length: 90 }, (_, i) => ({
    rssBytes: rss(i) * 2 ** 20,
    handles: handles(i),
    figures: [],
  }));
}

const steady = (i: number) => (i < 30 ? 100 + i : 200);

describe('the verdict of a soak', () => {
  it('is good for a steady worker that grew while it warmed up', () => {
    expect(soakVerdict(samples(steady), sent, figures())).toMatchObject({
      ok: true,
      faults: [],
      rssMiddleMiB: 200,
      rssGrowth: 0,
      handlesLast: { Pipe: 2 },
      pointsIn: 1000,
      pointsScored: 990,
    });
  });

  it.each([
    ['2.9', 2.9, true],
    ['3.1', 3.1, false],
    ['-20', -20, true],
  ])('with %s %% of growth', (_name, percent, ok) => {
    const grown = (i: number) => (i < 60 ? 200 : 200 * (1 + percent / 100));
    expect(soakVerdict(samples(grown), sent, figures()).ok).toBe(ok);
  });

  it('is bad with one handle more, and good with one that comes and goes', () => {
    const leaking = samples(steady, (i) => ({ Pipe: i < 70 ? 2 : 3 }));
    expect(soakVerdict(leaking, sent, figures()).faults).toEqual([
      'Pipe: 2 handles in the middle, 3 at the end',
    ]);
    const closed = samples(steady, (i) => ({ Pipe: i < 70 ? 2 : 1 }));
    expect(soakVerdict(closed, sent, figures()).ok).toBe(true);
    const passing = samples(steady, (i) => (i % 3 === 0 ? { Pipe: 2, Timeout: 1 } : { Pipe: 2 }));
    expect(soakVerdict(passing, sent, figures()).ok).toBe(true);
  });

  it.each([
    ['a point lost before validate', { validate: { points_in_total: 999, points_out_total: 989 } }],
    ['a point lost between stages', { enrich: { points_in_total: 989, points_out_total: 989 } }],
    ['a point lost within a stage', { enrich: { points_out_total: 989 } }],
    ['a point scored twice', { detect: { points_out_total: 991 } }],
    ['an unreadable record lost', { validate: { records_unreadable_total: 2 } }],
    [
      'a dead letter lost',
      {
        validate: {
          'points_dead_lettered_total{code="VALUE_NOT_FINITE"}': 9,
          points_in_total: 999,
        },
      },
    ],
  ])('is bad with %s', (_name, over) => {
    const verdict = soakVerdict(samples(steady), sent, figures(over));
    expect(verdict.ok).toBe(false);
    expect(verdict.faults.length).toBeGreaterThan(0);
  });

  it('is bad when there was nothing to look at', () => {
    expect(soakVerdict([], sent, figures()).ok).toBe(false);
  });
});

describe('the options of a soak', () => {
  it('have defaults', () => {
    expect(readSoakOptions([])).toEqual({
      forMs: 1_800_000,
      transport: 'kafka',
      client: 'platformatic',
      series: 1000,
    });
  });

  it.each([
    ['--for', '10s'],
    ['--for', 'ever'],
    ['--transport', 'file'],
    ['--series', '0'],
    ['--x', '1'],
  ])('refuse %s %s', (flag, value) => {
    expect(() => readSoakOptions([flag, value])).toThrow();
  });
});
