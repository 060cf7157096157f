import { expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { seriesBytes, seriesSettings } from './series-settings.ts';

function settings(...set: string[]) {
  return seriesSettings(loadConfig({ cwd: '/', environment: {}, set }).options);
}

it('counts a series as its rows in enrich and detect, with its season and watch', () => {
  expect(seriesBytes).toBeGreaterThan(30 + 203 + 214 + 16);
  expect(seriesBytes).toBeLessThan(30 + 203 + 214 + 16 + 16);
});

it('shares the memory evenly by the partitions, and has no cap without it', () => {
  expect(settings().maxSeries).toBe(Number.POSITIVE_INFINITY);
  const share = 2 ** 30 / 8 / seriesBytes;
  const capped = settings('series.memoryBytes=1GiB', 'topics.partitions=8');
  expect(capped.maxSeries).toBe(Math.floor(share));
});

it('puts scratch files beside the embedded log, or where they are told to', () => {
  expect(settings('transport.embedded.dir=/data/x').scratchDir).toBe('/data/x');
  expect(settings('series.scratchDir=/scratch').scratchDir).toBe('/scratch');
});
