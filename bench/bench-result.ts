import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { BenchOptions } from './bench-options.ts';

/** What every bench may tell, by the names that tools rely on; further figures stand beside them. */
export interface BenchFigures {
  readonly pointsPerSecond?: number;
  /** CPU time of all processes of the bench, broker included, per point. */
  readonly cpuNsPerPoint?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly bytesPerSeries?: number;
  readonly ceilingRatio?: number;
  readonly [figure: string]: unknown;
}

/** What a bench ran on. */
interface Surroundings {
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
  /** Load of the machine over the last minute when the bench ended: others’ work included. */
  readonly load: number;
}

/** Puts figures together with where they were taken. */
export function benchResult(options: BenchOptions, figures: BenchFigures) {
  return { bench: options.name, ...figures, ...surroundings(), options };
}

function surroundings(): Surroundings {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    machine: `${cpu?.model ?? 'unknown'} × ${cpus().length}, ${memory}, Linux ${release()}`,
    node: process.version,
    commit: commit(),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** The commit that was measured; `+` when files differ from it. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '..') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown';
  }
}

/** Rounds a figure to three digits more than its first, so that nobody reads noise. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}

/** Returns the value below which a share of the sorted sample lies; NaN without a sample. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return sorted[Math.max(0, at)] ?? Number.NaN;
}
