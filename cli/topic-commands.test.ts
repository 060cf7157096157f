import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../pipelines/config.ts';
import { registerSchemas } from '../pipelines/open-registry.ts';
import { openTransport } from '../pipelines/open-transport.ts';
import { deadLetter } from '../runtime/dead-letter.ts';
import { createLog } from '../runtime/log.ts';
import type { OutboundRecord, Transport } from '../runtime/transport.ts';
import { Codec } from '../schemas/codec.ts';
import { exampleAlert, exampleAnomaly, exampleIncident } from './findings.fixture.ts';
import { runCommandLine } from './recording-terminal.fixture.ts';

let cwd: string;

async function withLog(use: (transport: Transport, codec: Codec) => Promise<void>): Promise<void> {
  const { options } = loadConfig({
    cwd,
    environment: {},
    set: [`transport.embedded.dir=${path.join(cwd, '.vigie')}`],
  });
  const transport = await openTransport(options, createLog('silent'));
  const { ids } = await registerSchemas(options);
  try {
    await use(transport, new Codec(ids));
  } finally {
    await transport.close();
  }
}

function outbound(
  topic: string,
  value: Uint8Array,
  more: Partial<OutboundRecord> = {},
): OutboundRecord {
  return {
    topic: `vigie.${topic}`,
    partition: 0,
    key: null,
    value,
    headers: {},
    timestampMs: 1_764_000_000_000,
    ...more,
  };
}

function run(...args: string[]) {
  return runCommandLine([...args, '--set', `transport.embedded.dir=${path.join(cwd, '.vigie')}`], {
    cwd,
  });
}

beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-topics-'));
  writeFileSync(
    path.join(cwd, 'cpu.csv'),
    'timestamp,value\n2026-01-01 00:00:00,1\nnever,2\n2026-01-01 00:01:00,3\n',
  );
});

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

describe('commands on topics', () => {
  it('say that there is nothing yet', async () => {
    const { code, err } = await run('tail', 'anomalies');
    expect(code).toBe(1);
    expect(err).toContain('there is no topic log in');
    const list = await run('topics', 'list', '-o', 'json');
    expect(JSON.parse(list.out)[0]).toMatchObject({
      name: 'vigie.metrics.raw',
      partitions: 4,
      offsets: null,
    });
  });

  it('check a file without writing', async () => {
    const { code, err } = await run('produce', 'cpu.csv', '--dry-run', '--strict');
    expect(code).toBe(3);
    expect(err).toMatch(
      /^cpu\.csv:3:1: .*\n2 points read, none written\nvigie: 1 lines? could not be read\n$/,
    );
  });

  it('write points and read them back', async () => {
    const { code, err } = await run('produce', 'cpu.csv', '--name', 'cpu', '--label', 'host=a');
    expect(code).toBe(0);
    expect(err).toContain('marked as back-fill');
    expect(err).toContain('2 points written in 1 record');
    const tail = await run('tail', 'metrics.raw', '-o', 'ndjson');
    expect(JSON.parse(tail.out)).toMatchObject({
      record: 'MetricBatch',
      value: {
        tenant: 'default',
        backfill: true,
        dictionary: expect.arrayContaining(['cpu', 'host', 'a']),
      },
    });
    expect((await run('tail', 'metrics.raw')).out).toContain('default: 2 points of 1 series');
    const [raw] = JSON.parse((await run('topics', 'list', '-o', 'json')).out);
    expect(raw).toMatchObject({ name: 'vigie.metrics.raw', offsets: 1 });
  });

  it('suggest a topic that is there', async () => {
    const { code, err } = await run('tail', 'anomalis');
    expect(code).toBe(2);
    expect(err).toContain('there is no topic vigie.anomalis\n  Did you mean vigie.anomalies?');
  });

  it('list, count and show dead letters', async () => {
    const rejection = {
      code: 'VALUE_NOT_FINITE',
      detail: 'value of cpu',
      stage: 'validate',
      topic: 'vigie.metrics.raw',
      partition: 3,
      offset: 17,
      timestampMs: 1_764_000_000_000,
      tenant: 'shop',
      points: 5,
      standsFor: 100,
      partial: false,
      headers: {},
      value: Buffer.from('no Avro'),
    } as const;
    const { value, headers } = deadLetter(rejection);
    await withLog((transport) =>
      transport.write('test', [outbound('dead-letter', value ?? Buffer.alloc(0), { headers })]),
    );
    const list = await run('dead-letter', 'list', '-o', 'json');
    expect(JSON.parse(list.out)).toEqual([
      {
        place: '0/0',
        timestampMs: 1_764_000_000_000,
        code: 'VALUE_NOT_FINITE',
        stage: 'validate',
        source: 'vigie.metrics.raw 3/17',
        tenant: 'shop',
        attempts: 1,
        standsFor: 100,
        points: 5,
        bytes: 7,
        detail: 'value of cpu',
      },
    ]);
    const count = await run('dead-letter', 'list', '--count', '-o', 'json');
    expect(JSON.parse(count.out)).toMatchObject([
      { code: 'VALUE_NOT_FINITE', records: 1, refused: 100, points: 5 },
    ]);
    expect(
      JSON.parse((await run('dead-letter', 'list', '--code', 'RECORD_EMPTY', '-o', 'json')).out),
    ).toEqual([]);
    expect((await run('dead-letter', 'list', '--code', 'RECORD_EMPTI')).err).toContain(
      'Did you mean RECORD_EMPTY?',
    );
    const show = await run('dead-letter', 'show', '0/0');
    expect(show.out).toContain('error.offset: 17');
    expect(show.out).toContain('6e 6f 20 41 76 72 6f');
    expect((await run('dead-letter', 'show', '0/0', '--raw')).out).toBe('no Avro');
    expect((await run('dead-letter', 'show', '0/9')).code).toBe(2);
  });

  it('explain an episode by the first digits of its id', async () => {
    const anomaly = exampleAnomaly(1);
    const alert = exampleAlert(2, [anomaly]);
    const incident = exampleIncident(3, [alert]);
    await withLog((transport, codec) =>
      transport.write('test', [
        outbound('anomalies', codec.encode('Anomaly', anomaly), { key: anomaly.id }),
        outbound(
          'anomalies',
          codec.encode('Anomaly', { ...anomaly, revision: 1, phase: 'UPDATE', peakScore: 2.5 }),
          { key: anomaly.id },
        ),
        outbound('alerts', codec.encode('Alert', alert), { key: alert.id }),
        outbound('incidents', codec.encode('Incident', incident), { key: incident.id }),
      ]),
    );
    const { code, out } = await run('explain', '0101');
    expect(code).toBe(0);
    expect(out).toContain('node_load1{host="a"}');
    expect(out).toContain('CRITICAL 2.50');
    expect(out).toContain('alert    02020202 FIRING CRITICAL');
    expect(out).toContain('incident 03030303 OPEN CRITICAL');
    const json = JSON.parse((await run('explain', '0101', '-o', 'json')).out);
    expect(json.anomaly).toMatchObject({
      id: '01'.repeat(16),
      revision: 1,
      members: [{ modelId: 'forecast' }],
    });
    expect((await run('explain', 'ffff')).code).toBe(2);
    expect((await run('explain', 'xyz')).err).toContain('"xyz" is no id');
  });

  it('leave ticks out unless asked, and find records behind many of them', async () => {
    await withLog(async (transport, codec) => {
      const tick = codec.encode('Tick', { sourcePartition: 0, watermarkMs: 1, idle: false });
      await transport.write(
        'test',
        Array.from({ length: 50 }, () => outbound('anomalies', tick)),
      );
    });
    const shown = (await run('tail', 'anomalies', '-n', '1')).out;
    expect(shown.split('\n')).toHaveLength(2);
    expect(shown).toContain('01010101 UPDATE CRITICAL 2.50');
    expect(
      (await run('tail', 'anomalies', '-n', '3', '--ticks')).out.match(/watermarkMs/g),
    ).toHaveLength(3);
    expect((await run('tail', 'anomalies', '--from', 'beginning')).out.split('\n')).toHaveLength(3);
    expect((await run('tail', 'anomalies', '-n', '0')).out).toBe('');
  });

  it('say who has the log and what to do', async () => {
    await withLog(async () => {
      const { code, err } = await run('tail', 'anomalies');
      expect(code).toBe(1);
      expect(err).toContain('LOG_IN_USE');
      expect(err).toContain(`${process.pid}`);
      expect(err).toContain('stop the other one first, or use Kafka');
    });
  });
});
