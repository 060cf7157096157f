import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../pipelines/config.ts';
import { openTransport } from '../pipelines/open-transport.ts';
import { deadLetter, type Rejection } from '../runtime/dead-letter.ts';
import { createLog } from '../runtime/log.ts';
import type { OutboundRecord, Transport } from '../runtime/transport.ts';
import { topicSpecs } from '../schemas/topics.ts';
import { collectTopic, type PlacedRecord } from './read-topic.ts';
import { runCommandLine } from './recording-terminal.fixture.ts';

const NOON = Date.UTC(2026, 0, 5, 12);
const HOUR_MS = 3_600_000;
const RAW = 'vigie.metrics.raw';

const rejection: Rejection = {
  code: 'TENANT_UNKNOWN',
  detail: '',
  stage: 'validate',
  topic: RAW,
  partition: 1,
  offset: 0,
  timestampMs: NOON,
  tenant: 'shop',
  points: 2,
  standsFor: 1,
  partial: false,
  headers: { source: Buffer.from('test') },
  value: Buffer.from('bytes'),
};

/** Headers of the dead letter of that offset, as its redriven record carries them. */
function redrivenHeaders(offset: number, code: Rejection['code']): Rejection['headers'] {
  return deadLetter({ ...rejection, offset, code }).headers;
}

/** One of each kind that a filter or a rule tells apart; the offset names it. */
const rejections: readonly Partial<Rejection>[] = [
  { offset: 0 },
  { offset: 1, tenant: 'bank', timestampMs: NOON + HOUR_MS },
  { offset: 2, code: 'VALUE_NOT_FINITE', partition: 3 },
  { offset: 3, code: 'SCHEMA_UNKNOWN_ID', tenant: '', timestampMs: NOON + 2 * HOUR_MS },
  { offset: 4, code: 'RECORD_EMPTY', value: null },
  { offset: 5, code: 'SERIES_ID_COLLISION', stage: 'enrich', topic: 'vigie.metrics.validated' },
  { offset: 6, code: 'RECORD_TOO_LARGE', value: Buffer.alloc(17 * 1024 * 1024) },
  { offset: 7, code: 'LABELS_TOO_MANY' },
  { offset: 8, code: 'LABELS_TOO_MANY', headers: redrivenHeaders(7, 'LABELS_TOO_MANY') },
];

let cwd: string;
let settings: string[];

async function withLog<T>(use: (transport: Transport) => Promise<T>): Promise<T> {
  const { options } = loadConfig({ cwd, environment: {}, set: settings });
  const transport = await openTransport(options, createLog('silent'));
  try {
    await transport.ensureTopics(topicSpecs(options.topics));
    return await use(transport);
  } finally {
    await transport.close();
  }
}

/** What lies on the raw topic, in the order of writing. */
async function raw(): Promise<PlacedRecord[]> {
  return await withLog((transport) => {
    const signal = new AbortController().signal;
    return collectTopic(transport, { topic: RAW, from: () => 0, follow: false, signal });
  });
}

function run(...args: string[]) {
  const set = settings.flatMap((setting) => ['--set', setting]);
  return runCommandLine(['dead-letter', ...args, ...set], { cwd });
}

async function redrive(...args: string[]): Promise<{ sent: number[]; err: string; rows: unknown }> {
  const before = (await raw()).length;
  const { code, out, err } = await run('redrive', ...args, '-o', 'json');
  expect([code, err]).toEqual([0, err]);
  const sent = (await raw())
    .slice(before)
    .map(({ headers }) => Number(Buffer.from(headers['error.offset'] ?? []).toString()));
  return { sent: sent.sort((a, b) => a - b), err, rows: JSON.parse(out) };
}

beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-redrive-'));
  settings = [`transport.embedded.dir=${path.join(cwd, 'log')}`];
  const records = rejections.map((over): OutboundRecord => {
    const full = { ...rejection, ...over };
    const { partition, timestampMs } = full;
    const key = Buffer.from('key');
    return { topic: 'vigie.dead-letter', partition, key, timestampMs, ...deadLetter(full) };
  });
  await withLog((transport) => transport.write('test', records));
});

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

describe('dead-letter redrive', () => {
  it('wants to be told which', async () => {
    const { code, err } = await run('redrive', '--dry-run');
    expect(code).toBe(2);
    expect(err).toContain('or say --all');
  });

  it.each([
    [['--code', 'TENANT_UNKNON'], 'Did you mean TENANT_UNKNOWN?'],
    [['--stage', 'valdate'], 'Did you mean validate?'],
    [['--from', 'yesterday'], 'Expected a time such as'],
  ])('refuses %j', async (args, hint) => {
    const { code, err } = await run('redrive', ...args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
    expect(await raw()).toEqual([]);
  });

  it('in a dry run writes nothing and says what it would', async () => {
    const { sent, err, rows } = await redrive('--all', '--dry-run');
    expect(sent).toEqual([]);
    expect(err).toBe('5 records would be sent again\n');
    const kept = (rows as { code: string; kept: string }[])
      .filter(({ code }) => code !== 'LABELS_TOO_MANY')
      .map(({ code, kept }) => [code, kept]);
    expect(Object.fromEntries(kept)).toEqual({
      TENANT_UNKNOWN: '',
      VALUE_NOT_FINITE: '',
      SCHEMA_UNKNOWN_ID: '',
      RECORD_EMPTY: 'it has no value',
      SERIES_ID_COLLISION: `only records of ${RAW} are taken in again`,
      RECORD_TOO_LARGE: 'only its first MiB is there',
    });
    expect(rows).toContainEqual({
      code: 'TENANT_UNKNOWN',
      stage: 'validate',
      kept: '',
      records: 2,
      points: 4,
    });
  });

  it('sends a record back to where it came from, as it came and with its name', async () => {
    await redrive('--code', 'VALUE_NOT_FINITE');
    const [sent] = (await raw()).slice(-1);
    expect(sent?.partition).toBe(3);
    expect(Buffer.from(sent?.key ?? []).toString()).toBe('key');
    expect(Buffer.from(sent?.value ?? []).toString()).toBe('bytes');
    expect(sent?.timestampMs).toBeGreaterThan(NOON);
    const text = (name: string) => Buffer.from(sent?.headers[name] ?? []).toString();
    expect(text('source')).toBe('test');
    expect(text('vigie.dead-letter')).toBe(`${RAW}/3/2/VALUE_NOT_FINITE`);
    expect(text('error.attempts')).toBe('1');
  });

  it.each([
    [
      ['--code', 'TENANT_UNKNOWN'],
      [0, 1],
    ],
    [['--code', 'TENANT_UNKNOWN', '--tenant', 'bank'], [1]],
    [
      ['--code', 'TENANT_UNKNOWN', '--code', 'SCHEMA_UNKNOWN_ID'],
      [0, 1, 3],
    ],
    [
      ['--stage', 'validate', '--tenant', 'shop'],
      [0, 2, 8],
    ],
    [['--stage', 'enrich'], []],
    [
      ['--from', '2026-01-05T13:00Z'],
      [1, 3],
    ],
    [['--from', '2026-01-05T13:00Z', '--to', '2026-01-05T14:00Z'], [1]],
    [['--to', '2026-01-05T12:00:00Z'], []],
    [['--from', '2h'], []],
    [['--all'], [0, 1, 2, 3, 8]],
  ])('with %j sends %j', async (args, offsets) => {
    expect((await redrive(...args)).sent).toEqual(offsets);
  });

  it('leaves out what was refused again, for which a newer one stands', async () => {
    const { rows } = await redrive('--code', 'LABELS_TOO_MANY', '--dry-run');
    expect(rows).toMatchObject([
      { kept: 'it was refused again: a newer one stands for it', records: 1 },
      { kept: '', records: 1 },
    ]);
  });

  it('takes the same filters as list', async () => {
    const { out } = await run('list', '--tenant', 'bank', '--from', '2026-01-05', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([{ source: `${RAW} 1/1`, tenant: 'bank' }]);
  });
});
