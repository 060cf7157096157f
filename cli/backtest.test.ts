import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTime, runBacktest } from './backtest.ts';

const START_MS = Date.UTC(2024, 2, 4);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-backtest-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Rows with a daily wave, a step up near the end, and a repeated and a backward timestamp. */
function rows(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const ms = START_MS + (i === 700 ? 699 : i === 800 ? 790 : i) * 300_000;
    const wave = 10 * Math.sin((2 * Math.PI * i) / 288);
    const value = 50 + wave + ((i * 7919) % 101) / 50 + (i >= 1500 ? 60 : 0);
    return `${new Date(ms).toISOString()},${i % 3},${value}`;
  });
}

function write(path: string, lines: readonly string[]): void {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  const text = `timestamp,label,value\n${lines.join('\n')}\n`;
  writeFileSync(full, path.endsWith('.gz') ? gzipSync(text) : text);
}

function read(path: string): string[] {
  return readFileSync(join(folder, path), 'utf8').trimEnd().split('\n');
}

describe('runBacktest', { timeout: 60_000 }, () => {
  it('writes a row per row, at the same path, and counts what it did', async () => {
    write('one/in/deep/a.csv.gz', rows(2000));
    write('one/in/b.csv', rows(40));
    write('one/in/index.csv', []);
    writeFileSync(join(folder, 'one/in/index.csv'), 'series,rows\na,2000\n');
    const seen: string[] = [];
    const summary = await runBacktest({
      inDir: join(folder, 'one/in'),
      outDir: join(folder, 'one/out'),
      onProgress: (_done, _total, file) => seen.push(file),
    });
    expect(seen).toEqual(['b.csv', 'deep/a.csv.gz']);
    const out = read('one/out/deep/a.csv');
    expect(out[0]).toBe('timestamp,anomaly_score,onset,expected,lower,upper,state');
    expect(out.length).toBe(2001);
    const onsets = out.flatMap((line, i) => (/^[^,]+,[^,]+,[12],/.test(line) ? [i - 1] : []));
    expect(onsets.some((row) => row >= 1500 && row < 1505)).toBe(true);
    expect(onsets.every((row) => row >= 1500)).toBe(true);
    expect(summary).toMatchObject({ files: 2, rows: 2040, onsets: onsets.length });
  });

  it('repeats the last result, without onset, for a row that is no later', async () => {
    const out = read('one/out/deep/a.csv');
    for (const row of [700, 800]) {
      const [, score, onset, ...rest] = (out[row + 1] as string).split(',');
      const [, before, , ...restBefore] = (out[row] as string).split(',');
      expect([score, onset, ...rest]).toEqual([before, '0', ...restBefore]);
    }
  });

  it('gives the first rows of a file the same results as the same rows of a longer file', async () => {
    const all = rows(2000);
    for (const share of [0.1, 0.5, 0.9]) {
      write(`cut/${share}/in/a.csv`, all.slice(0, 2000 * share));
      await runBacktest({
        inDir: join(folder, `cut/${share}/in`),
        outDir: join(folder, `cut/${share}/out`),
      });
      const whole = read('one/out/deep/a.csv').slice(0, 2000 * share + 1);
      expect(read(`cut/${share}/out/a.csv`)).toEqual(whole);
    }
  });

  it('gives the same bytes again', async () => {
    await runBacktest({ inDir: join(folder, 'one/in'), outDir: join(folder, 'one/again') });
    expect(read('one/again/deep/a.csv')).toEqual(read('one/out/deep/a.csv'));
  });

  it('refuses a folder without series', async () => {
    mkdirSync(join(folder, 'none'));
    const request = { inDir: join(folder, 'none'), outDir: join(folder, 'none-out') };
    await expect(runBacktest(request)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

describe('parseTime', () => {
  it.each([
    ['2024-03-04T00:00:00Z', START_MS],
    ['2024-03-04 00:00:00', START_MS],
    ['2024-03-04T02:00:00+02:00', START_MS],
    ['2024-03-04', START_MS],
    [String(START_MS), START_MS],
    [String(START_MS / 1000), START_MS],
    ['1709510400.5', START_MS + 500],
  ])('reads %s', (cell, ms) => {
    expect(parseTime(cell)).toBe(ms);
  });

  it('gives NaN for what is no time', () => {
    expect(parseTime('yesterday')).toBeNaN();
    expect(parseTime('')).toBeNaN();
  });
});
