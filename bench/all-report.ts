import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bar, barPlot } from './bar-plot.ts';

/** Figures of every row by its name, as `npm run bench -- all --json` tells them. */
export type Rows = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const baselineFile = join(import.meta.dirname, 'baseline.json');
const plotsFolder = join(import.meta.dirname, 'plots');
/** Points per second that a row must reach on two cores. */
const musts: Readonly<Record<string, number>> = {
  pipeline: 800_000,
  preloaded: 1_000_000,
  detect: 1_500_000,
  onePoint: 100_000,
  single: 60_000,
};

/** Writes the plots of `bench/README.md`: rates beside what is asked for, and where the CPU time of a point goes. */
export function writePlots(rows: Rows): void {
  const known = Object.entries(rows).filter(([, row]) => typeof row.pointsPerSecond === 'number');
  const rates = known.map(([label, row]): Bar => {
    const parts = [{ name: 'points/s', value: Number(row.pointsPerSecond) }];
    return { label, parts, must: musts[label] };
  });
  const costs = known.flatMap(([label, row]): Bar[] => {
    const { total: _total, ...by } = (row.cpuNsPerPointBy ?? {}) as Record<string, number>;
    const parts = Object.entries(by).map(([name, value]) => ({ name, value }));
    return parts.length === 0 ? [] : [{ label, parts }];
  });
  mkdirSync(plotsFolder, { recursive: true });
  const rate = barPlot('Points per second (dashed: what is asked for)', '/s', rates);
  writeFileSync(join(plotsFolder, 'rates.svg'), rate);
  const cost = barPlot('CPU per point, by who spent it', 'ns', costs);
  writeFileSync(join(plotsFolder, 'cpu.svg'), cost);
}

/** Keeps the rows as what later ones are compared with. */
export function saveBaseline(rows: Rows): void {
  writeFileSync(baselineFile, `${JSON.stringify(rows, null, 2)}\n`);
}

/** CPU time per point and rate of each row as a share of the stored ones’; absent where one of the two is missing. */
export function againstBaseline(rows: Rows): Record<string, { cpu?: number; rate?: number }> {
  if (!existsSync(baselineFile)) return {};
  const stored = JSON.parse(readFileSync(baselineFile, 'utf8')) as Rows;
  const compared: Record<string, { cpu?: number; rate?: number }> = {};
  for (const [name, row] of Object.entries(rows)) {
    const cpu = share(row.cpuNsPerPoint, stored[name]?.cpuNsPerPoint);
    const rate = share(row.pointsPerSecond, stored[name]?.pointsPerSecond);
    compared[name] = {
      ...(cpu === undefined ? {} : { cpu }),
      ...(rate === undefined ? {} : { rate }),
    };
  }
  return compared;
}

function share(now: unknown, then: unknown): number | undefined {
  if (typeof now !== 'number' || typeof then !== 'number' || then === 0) return undefined;
  return Number((now / then).toPrecision(3));
}
