import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { ConfluentRegistry } from '../../schemas/confluent-registry.ts';
import { schemaTexts } from '../../schemas/generated/schema-texts.ts';
import { CuttableWay } from '../servers/cuttable-way.ts';
import { requireBroker, requireRegistry } from '../servers/require-server.ts';
import { type Broker, type Registry, startBroker, startRegistry } from '../servers/servers.ts';
import { untilIdle } from '../support/pipeline-reading.ts';

const what = 'a worker whose schema registry is away';
const possible = requireBroker(what) && requireRegistry(what);
const PREFIX = 'away.';
const UNKNOWN_ID = 987_654;

describe.runIf(possible)('a schema id that only the registry knows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-registry-away-'));
  let broker: Broker;
  let registry: Registry;
  let way: CuttableWay;
  let worker: RunningPipeline;
  let url: string;

  beforeAll(async () => {
    [broker, registry] = await Promise.all([startBroker(), startRegistry()]);
    way = new CuttableWay(registry.url);
    url = await way.open();
    const { options: config } = loadConfig({
      cwd: folder,
      environment: {},
      set: [
        'transport.kind=kafka',
        `transport.kafka.brokers=${broker.brokers.join(',')}`,
        `schemaRegistry.url=${url}`,
        `topics.prefix=${PREFIX}`,
        'topics.partitions=2',
      ],
    });
    worker = await runPipeline(config, { log: createLog('error') });
  });
  afterAll(async () => {
    await worker?.stop();
    await way?.cut();
    await Promise.all([broker?.stop(), registry?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** A point as a producer with one field more writes it. */
  async function foreignPoint(host: string): Promise<Buffer> {
    const schema = JSON.parse(schemaTexts.MetricPoint) as { fields: object[] };
    schema.fields.push({ name: 'site', type: 'string', default: '' });
    const direct = new ConfluentRegistry({ url: registry.url, prefix: PREFIX, clock: systemClock });
    const id = await direct.register('MetricPoint', JSON.stringify(schema));
    const own = ownPoint(host);
    const framed = Buffer.concat([own, Buffer.from([4]), Buffer.from('hq')]);
    framed.writeUInt32BE(id, 1);
    return framed;
  }

  function ownPoint(host: string): Buffer {
    return worker.codec.encode('MetricPoint', {
      tenant: 'default',
      name: 'load',
      labels: { host },
      timestamp: systemClock.nowMs(),
      value: 1,
      kind: 'GAUGE',
      unit: null,
      backfill: false,
    });
  }

  async function produce(partition: number, ...values: Buffer[]): Promise<void> {
    const topic = `${PREFIX}metrics.raw`;
    const timestampMs = systemClock.nowMs();
    await worker.transport.write(
      'test',
      values.map((value) => ({ topic, partition, key: null, value, headers: {}, timestampMs })),
    );
  }

  function taken(): number {
    const validate = worker.figures().find(({ name }) => name === 'validate');
    return validate?.counters.points_in_total ?? 0;
  }

  async function deadLetters(): Promise<string[]> {
    const codes: string[] = [];
    const topic = `${PREFIX}dead-letter`;
    for (const { partition, low, high } of await worker.transport.ranges(topic)) {
      if (high === low) continue;
      for await (const records of worker.transport.read(topic, partition, low, { to: high })) {
        for (const { headers } of records)
          codes.push(Buffer.from(headers['error.code'] ?? []).toString());
      }
    }
    return codes;
  }

  it('waits while the registry is away, and loses nothing', async () => {
    const foreign = await foreignPoint('a');
    await way.cut();
    await produce(0, foreign, ownPoint('b'));
    await produce(1, ownPoint('c'));
    // The other partition goes on; this one holds its good record behind the unknown one.
    while (taken() < 1) await sleep(50);
    await sleep(1500);
    expect(taken()).toBe(1);
    expect(await deadLetters()).toEqual([]);
    await way.open();
    while (taken() < 3) await sleep(50);
    expect(await deadLetters()).toEqual([]);
  });

  it('is a dead letter when the registry does not know it either, and the next record goes on', async () => {
    const before = taken();
    const unknown = Buffer.from(ownPoint('d'));
    unknown.writeUInt32BE(UNKNOWN_ID, 1);
    await produce(0, unknown, ownPoint('e'));
    while (taken() < before + 1) await sleep(50);
    await untilIdle({ transport: worker.transport, codec: worker.codec, prefix: PREFIX }, 1);
    expect(await deadLetters()).toEqual(['SCHEMA_UNKNOWN_ID']);
  });
});
