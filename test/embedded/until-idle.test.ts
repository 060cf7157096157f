import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../cli/recording-terminal.fixture.ts';

const START_MS = Date.UTC(2026, 0, 5);
const ROUNDS = 900;
const FAULT_ROUND = 700;

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-until-idle-'));
  const rows = Array.from({ length: ROUNDS }, (_, round) => {
    const wave = 100 + 10 * Math.sin(round / 7) + 3 * Math.sin(round * 2.3);
    const value = round >= FAULT_ROUND && round < FAULT_ROUND + 5 ? wave + 300 : wave;
    return `${new Date(START_MS + round * 60_000).toISOString()},${value}`;
  });
  writeFileSync(path.join(cwd, 'load.csv'), ['timestamp,value', ...rows, ''].join('\n'));
});

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

function vigie(...args: string[]) {
  const dir = `transport.embedded.dir=${path.join(cwd, '.vigie')}`;
  return runCommandLine([...args, '--set', dir, '--set', 'runtime.logLevel=error'], { cwd });
}

async function found(topic: string, lines = 100): Promise<readonly Record<string, unknown>[]> {
  const { out } = await vigie('tail', topic, '-n', String(lines), '-o', 'ndjson');
  const texts = out.split('\n').filter((line) => line !== '');
  return texts.map((line) => (JSON.parse(line) as { value: Record<string, unknown> }).value);
}

describe('vigie run --until-idle', () => {
  it('leaves no anomaly of a file without its alert, although nothing comes after', async () => {
    expect(await vigie('produce', 'load.csv', '--name', 'load')).toMatchObject({ code: 0 });
    expect(await vigie('run', '--until-idle')).toMatchObject({ code: 0 });
    const anomalies = await found('anomalies');
    const opened = anomalies.filter(({ phase }) => phase === 'OPEN');
    expect(opened.map(({ startMs }) => startMs)).toContain(START_MS + FAULT_ROUND * 60_000);
    const fired = (await found('alerts.history')).filter(({ firedAtMs }) => firedAtMs !== null);
    for (const { startMs } of opened)
      expect(fired.map(({ firedAtMs }) => firedAtMs)).toContain(startMs);
    expect(await found('incidents')).not.toEqual([]);
  });

  it('ends on an empty log too', async () => {
    rmSync(path.join(cwd, '.vigie'), { recursive: true });
    expect(await vigie('run', '--until-idle')).toMatchObject({ code: 0 });
    expect(await found('alerts')).toEqual([]);
  });
});
