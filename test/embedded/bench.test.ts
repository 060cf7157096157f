import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

interface Checkpoint {
  readonly pages: { readonly bytesPerPoint: number };
  readonly rows: { readonly bytesPerPoint: number };
  readonly bytes: { readonly bytesPerPoint: number };
}

/** Runs a bench and returns the object on its last line. */
async function bench(...args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [main, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

const short = ['--seconds', '1', '--warmup-seconds', '0', '--durability', 'normal'];

describe('npm run bench', () => {
  it('pipeline: scores every point that it sends and finds what it planted', async () => {
    const figures = await bench('pipeline', '--series', '1000', '--planted', '0.001', ...short);
    expect(figures).toMatchObject({ bench: 'pipeline', accounting: { counted: {}, missing: 0 } });
    expect(figures.pointsPerSecond).toBeGreaterThan(0);
    expect(figures.cpuNsPerPoint).toBeGreaterThan(0);
    expect(figures.machine).toContain('×');
    const { planted, found } = figures.recall as { planted: number; found: number };
    expect(planted).toBeGreaterThan(0);
    expect(found).toBeGreaterThan(0);
  });

  it('pipeline: takes points that were written before it started, one by one', async () => {
    const args = ['--series', '500', '--points-per-series', '4', '--producer', 'single'];
    const figures = await bench('pipeline', '--preloaded', ...args, ...short);
    expect(figures).toMatchObject({ accounting: { counted: {}, missing: 0 } });
    const { sent, records } = figures.accounting as { sent: number; records: number };
    expect(records).toBe(sent);
  });

  it('stages: tells what each stage costs', async () => {
    const figures = await bench('stages', '--series', '1000', ...short);
    const by = figures.cpuNsPerPointBy as Record<string, number>;
    expect(by.validate).toBeGreaterThan(0);
    expect(by.detect).toBeGreaterThan(by.validate ?? 0);
  });

  it('detect: scores every point of the batches that were made for it', async () => {
    const args = ['--series', '1000', '--seconds', '0.1', '--warmup-seconds', '0'];
    const figures = await bench('detect', ...args, '--durability', 'normal');
    expect(figures).toMatchObject({ bench: 'detect', accounting: { counted: {}, missing: 0 } });
    expect(figures.pointsPerSecond).toBeGreaterThan(0);
  });

  it('scoring: stays at or below its ceiling', async () => {
    const figures = await bench('scoring', '--threads', '1', ...short);
    expect(figures.ceilingRatio).toBeGreaterThan(0.3);
    expect(figures.ceilingRatio).toBeLessThan(1.5);
  });

  it('cardinality: gets all series back, none anew', async () => {
    const args = ['--series', '2000', '--points-per-series', '16'];
    const figures = await bench('cardinality', ...args, ...short);
    expect(figures).toMatchObject({
      seriesHeld: { enrich: 2000, detect: 2000 },
      seriesRestored: { enrich: 2000, detect: 2000 },
      registeredAfterRestart: 0,
      counted: {},
    });
    expect(figures.seriesRestoredPerSecond).toBeGreaterThan(0);
  });

  it('rows: finds every series again, also after a restore', async () => {
    const figures = await bench('rows', '--series', '20000', '--partitions', '2', ...short);
    expect(figures).toMatchObject({ missing: 0, missingAfterRestore: 0 });
    expect(figures.enrichBytes).toBeGreaterThanOrEqual(30);
    expect(figures.detectBytes).toBeGreaterThanOrEqual(203);
  });

  it('changelog: writes no more for a changed row than for its page', async () => {
    const { checkpoints } = await bench('changelog', '--series', '512', ...short);
    for (const { pages, rows, bytes } of checkpoints as Checkpoint[]) {
      expect(rows.bytesPerPoint).toBeLessThan(1.1 * pages.bytesPerPoint);
      expect(bytes.bytesPerPoint).toBeLessThan(rows.bytesPerPoint);
    }
  });

  it('latency: tells how late the anomalies of its planted points came', async () => {
    const figures = await bench('latency', '--rate', '100', '--seconds', '12');
    const { count, p95Ms } = figures.anomaly as { count: number; p95Ms: number };
    expect(count).toBeGreaterThan(0);
    expect(figures.p95Ms).toBe(p95Ms);
    expect(p95Ms).toBeGreaterThan(0);
  });

  it('says what is wrong with its options', async () => {
    const child = spawn(process.execPath, [main, 'pipeline', '--series', 'many']);
    const [err, [code]] = await Promise.all([
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    expect(code).toBe(2);
    expect(err).toContain('--series must be a number');
  });
});
