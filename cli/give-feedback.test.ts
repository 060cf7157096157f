import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../pipelines/config.ts';
import { registerSchemas } from '../pipelines/open-registry.ts';
import { openTransport } from '../pipelines/open-transport.ts';
import { createLog } from '../runtime/log.ts';
import { Codec } from '../schemas/codec.ts';
import { exampleAnomaly } from './findings.fixture.ts';
import { runCommandLine } from './recording-terminal.fixture.ts';

let cwd: string;
let dir: string;

const run = (...args: string[]) =>
  runCommandLine([...args, '--set', `transport.embedded.dir=${dir}`], { cwd });

/** What stands on `commands`, oldest first. */
async function commands(): Promise<Record<string, unknown>[]> {
  const { out } = await run('tail', 'commands', '-o', 'ndjson', '-n', '100');
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).value);
}

beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-feedback-'));
  dir = path.join(cwd, '.vigie');
  writeFileSync(path.join(cwd, 'cpu.csv'), 'timestamp,value\n2026-01-01 00:00:00,1\n');
  await run('produce', 'cpu.csv');
  const set = [`transport.embedded.dir=${dir}`];
  const { options } = loadConfig({ cwd, environment: {}, set });
  const transport = await openTransport(options, createLog('silent'));
  const { ids } = await registerSchemas(options);
  const codec = new Codec(ids);
  const anomaly = exampleAnomaly(1, { tenant: 'shop', class: 'latency' });
  const definition = {
    seriesId: Buffer.from('5e11e50000000001', 'hex'),
    entityId: new Uint8Array(8),
    tenant: 'shop',
    name: 'orders',
    labels: {},
    kind: 'GAUGE' as const,
    unit: null,
    firstSeenMs: 0,
  };
  const placed = { partition: 0, headers: {}, timestampMs: 1_764_000_000_000 };
  const entity = exampleAnomaly(2, { tenant: 'shop', kind: 'ENTITY', seriesId: null });
  await transport.write('test', [
    { ...placed, topic: 'vigie.anomalies', key: entity.id, value: codec.encode('Anomaly', entity) },
    {
      ...placed,
      topic: 'vigie.anomalies',
      key: anomaly.id,
      value: codec.encode('Anomaly', anomaly),
    },
    {
      ...placed,
      topic: 'vigie.series',
      key: definition.seriesId,
      value: codec.encode('SeriesDefinition', definition),
    },
  ]);
  await transport.close();
}, 60_000);

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

describe('vigie feedback', () => {
  it('writes what was said of an anomaly, with what is needed to place it, and takes it back', async () => {
    const { code, out } = await run(
      ...['feedback', '0101', '--false-positive', '--author', 'ada', '--comment', 'a backup'],
      ...['--from', '2026-01-02T00:00Z'],
    );
    expect(code).toBe(0);
    expect(out).toBe(
      'anomaly 01010101 of node_load1: noted as false positive, acts on points from 2026-01-02T00:00:00.000Z; `--undo` takes it back\n',
    );
    expect((await run('feedback', '0101', '--undo', '--from', '2026-01-03T00:00Z')).out).toContain(
      'anomaly 01010101 of node_load1: taken back',
    );
    const about = {
      seriesId: '01'.repeat(8),
      metric: 'node_load1',
      class: 'latency',
      peakScore: 2.1,
    };
    const subject = { tenant: 'shop', subjectType: 'ANOMALY', subject: '01'.repeat(16), about };
    expect(await commands()).toMatchObject([
      {
        ...subject,
        kind: 'FEEDBACK',
        verdict: 'FALSE_ALARM',
        author: 'ada',
        comment: 'a backup',
        effectiveFromMs: Date.UTC(2026, 0, 2),
      },
      {
        ...subject,
        kind: 'WITHDRAW_FEEDBACK',
        verdict: null,
        effectiveFromMs: Date.UTC(2026, 0, 3),
      },
    ]);
  });

  it('takes a series where a fault was missed, and nowhere else', async () => {
    expect((await run('feedback', '5e11', '--useful')).code).toBe(2);
    expect((await run('feedback', '5e11', '--missed')).out).toContain('of orders: noted as missed');
    expect((await commands()).at(-1)).toMatchObject({
      subjectType: 'SERIES',
      subject: '5e11e50000000001',
      verdict: 'MISSED',
      about: { metric: 'orders', peakScore: 0 },
    });
  });

  it.each([
    [['feedback', 'ffff', '--useful'], 'no anomaly has an id that begins with ffff'],
    [['feedback', '0202', '--useful'], 'anomaly 02020202 is of no single series'],
    [['feedback', 'xyz', '--useful'], '"xyz" is no id'],
    [['feedback', '0101'], 'say one thing'],
    [['feedback', '0101', '--useful', '--undo'], 'say one thing'],
    [['feedback', '0101', '--useful', '--from', 'soon'], '--from: "soon" is no time'],
  ])('refuses %j', async (args, text) => {
    const before = await commands();
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(text);
    expect(await commands()).toEqual(before);
  });
});
