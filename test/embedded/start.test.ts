import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../cli/run-summary.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-start-'));
});

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function vigie(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([out, err, [code]]) => ({ code: code as number | null, out, err }),
  );
  return { child, ended };
}

function summaryOf({ out }: Ended): RunSummary {
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as RunSummary;
}

describe('vigie start', () => {
  it('watches this machine through all five stages and ends by itself', async () => {
    const ended = await vigie('start', '--for', '4s', '--json').ended;
    expect(ended.err).not.toContain('vigie:');
    expect(ended.code).toBe(0);
    const summary = summaryOf(ended);
    expect(summary.series).toBeGreaterThan(5);
    expect(summary.points).toBeGreaterThan(summary.series);
    expect(summary).toMatchObject({ deadLettered: 0, anomalies: [], alerts: [], incidents: [] });
  });

  it('left everything on the topics, in order', async () => {
    const { out } = await vigie('topics', 'list', '-o', 'json').ended;
    const topics = JSON.parse(out) as readonly {
      readonly name: string;
      readonly offsets: number;
    }[];
    const offsets = (name: string) =>
      topics.find((topic) => topic.name === `vigie.${name}`)?.offsets ?? 0;
    for (const name of ['metrics.raw', 'metrics.validated', 'metrics.enriched', 'series']) {
      expect(offsets(name), name).toBeGreaterThan(0);
    }
    expect(offsets('dead-letter')).toBe(0);
    const tail = await vigie('tail', 'metrics.enriched', '-n', '1', '-o', 'ndjson').ended;
    expect(JSON.parse(tail.out)).toMatchObject({
      record: 'SeriesBatch',
      value: { tenant: 'default' },
    });
  });

  it('ends with a summary when it is asked to stop', async () => {
    const { child, ended } = vigie('start', '--json');
    // The first status line says that the pipeline runs.
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ anomalies: [], incidents: [] });
  });
});
