import { describe, expect, it } from 'vitest';
import { type MetricSpec, Metrics } from './metrics.ts';

const specs = {
  points_total: { kind: 'counter', help: 'Points.', labels: ['stage'] },
  lag: { kind: 'gauge', help: 'Lag.', labels: [] },
  call_seconds: { kind: 'histogram', help: 'Calls.', labels: ['op'], buckets: [0.1, 1] },
} as const satisfies Record<string, MetricSpec>;

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('Metrics', () => {
  it('writes counters and gauges anew for each scrape, and keeps histograms', async () => {
    let points = 5;
    const metrics = new Metrics<keyof typeof specs>(specs, (write) => {
      write('points_total', points, { stage: 'a' });
      write('points_total', 1, { stage: 'a' });
      write('lag', points * 2);
    });
    metrics.observe('call_seconds', 0.05, { op: 'open' });
    metrics.observe('call_seconds', 5, { op: 'open' });
    await metrics.text();
    points = 7;
    const lines = linesOf(await metrics.text());
    expect(lines).toEqual([
      'points_total{stage="a"} 8',
      'lag 14',
      'call_seconds_bucket{le="0.1",op="open"} 1',
      'call_seconds_bucket{le="1",op="open"} 1',
      'call_seconds_bucket{le="+Inf",op="open"} 2',
      'call_seconds_sum{op="open"} 5.05',
      'call_seconds_count{op="open"} 2',
    ]);
  });

  it('gives overlapping scrapes one and the same rendering', async () => {
    let collected = 0;
    const metrics = new Metrics<keyof typeof specs>(specs, (write) => {
      collected += 1;
      write('lag', 3);
    });
    const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
    expect(first).toBe(second);
    expect(linesOf(first)).toEqual(['lag 3']);
    expect(collected).toBe(1);
    await metrics.text();
    expect(collected).toBe(2);
  });

  it('refuses a label that the catalogue does not name', async () => {
    const metrics = new Metrics<keyof typeof specs>(specs, (write) => {
      write('lag', 1, { series: 'cpu{host="a"}' });
    });
    await expect(metrics.text()).rejects.toThrow('series');
  });

  it('goes on after a scrape that failed', async () => {
    let fails = true;
    const metrics = new Metrics<keyof typeof specs>(specs, (write) => {
      if (fails) throw new Error('once');
      write('lag', 4);
    });
    await expect(metrics.text()).rejects.toThrow('once');
    fails = false;
    expect(linesOf(await metrics.text())).toEqual(['lag 4']);
  });
});
