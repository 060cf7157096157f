import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { topology } from '../../pipelines/topology.ts';
import type { Log } from '../../runtime/log.ts';
import type { FetchedRecord, Transport } from '../../runtime/transport.ts';
import { makeFleet } from '../support/fleet.ts';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import { untilIdle } from '../support/pipeline-reading.ts';
import { parseScrape, type Scrape, sumSamples } from '../support/scrape.ts';
import { writeFleet } from '../support/write-fleet.ts';

const FLEET = { seed: 3, series: 40, rounds: 600, stepMs: 60_000, faultEvery: 150 };
const CONSUMER = 5;
const LOADED = fileURLToPath(new URL('loaded-modules.fixture.ts', import.meta.url));

const root = mkdtempSync(join(tmpdir(), 'vigie-traces-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function start(name: string, set: readonly string[], log: Log = silent): Promise<RunningPipeline> {
  const { options } = loadConfig({
    cwd: root,
    environment: {},
    set: [
      `transport.embedded.dir=${join(root, name)}`,
      'transport.embedded.durability=normal',
      'runtime.threads=2',
      'runtime.checkpointIntervalMs=1000',
      'runtime.namespace=trials',
      ...set,
    ],
  });
  return runPipeline(options, { log });
}

/** Writes the fleet as a producer does that traces itself; gives the headers of its records. */
async function writeTraced(pipeline: RunningPipeline): Promise<readonly string[]> {
  const { transport, codec, prefix } = pipeline;
  const traceparents: string[] = [];
  const traced: Pick<Transport, 'write'> = {
    write: (producer, records) =>
      transport.write(
        producer,
        records.map((record) => {
          const ids = [randomBytes(16), randomBytes(8)].map((bytes) => bytes.toString('hex'));
          const traceparent = `00-${ids.join('-')}-01`;
          traceparents.push(traceparent);
          return { ...record, headers: { traceparent: Buffer.from(traceparent) } };
        }),
      ),
  };
  const fleet = makeFleet(FLEET);
  const pointsPerRecord = () => 500;
  await writeFleet({ fleet, transport: traced, codec, prefix, partitions: 4, pointsPerRecord });
  return traceparents;
}

async function recordsOf(pipeline: RunningPipeline, name: string): Promise<FetchedRecord[]> {
  const { transport, prefix } = pipeline;
  const found: FetchedRecord[] = [];
  for (const { partition, low, high } of await transport.ranges(prefix + name)) {
    if (high === low) continue;
    for await (const records of transport.read(prefix + name, partition, low, { to: high }))
      found.push(...records);
  }
  return found;
}

/** The span that a record says it comes from, as `<trace>-<span>`. */
function originOf({ headers }: FetchedRecord): string | undefined {
  const { traceparent } = headers;
  return traceparent === undefined ? undefined : Buffer.from(traceparent).toString().slice(3, 52);
}

const idOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => `${traceId}-${spanId}`;
const linksOf = (spans: readonly ReceivedSpan[]) =>
  new Set(spans.flatMap(({ links = [] }) => links.map(idOf)));

describe('a worker with a collector', () => {
  let receiver: OtlpReceiver;
  let produced: readonly string[];
  let scrape: Scrape;
  const topics = new Map<string, FetchedRecord[]>();
  const spansOf = (stage: string) =>
    receiver.spans.filter(({ attributes }) => attributes['vigie.stage'] === stage);

  beforeAll(async () => {
    receiver = await OtlpReceiver.start();
    const pipeline = await start('traced', [`observability.traces.endpoint=${receiver.url}/`]);
    produced = await writeTraced(pipeline);
    const bad = { key: null, value: Buffer.from('no Avro'), timestampMs: 1 };
    const traceparent = Buffer.from(produced[0] ?? '');
    const topic = `${pipeline.prefix}metrics.raw`;
    await pipeline.transport.write('vandal', [
      { ...bad, topic, partition: 0, headers: { traceparent } },
    ]);
    await untilIdle(pipeline);
    // The first checkpoint may still be on its way.
    while ((await recordsOf(pipeline, 'detect.state')).length === 0) await sleep(50);
    for (const name of ['metrics.validated', 'metrics.enriched', 'dead-letter', 'detect.state'])
      topics.set(name, await recordsOf(pipeline, name));
    await pipeline.stop();
    scrape = parseScrape(await pipeline.metrics.metrics.text());
  });
  afterAll(() => receiver?.close());

  it('sends a span for every batch of every stage', () => {
    for (const { name } of topology) {
      const spans = spansOf(name);
      expect(spans.length, name).toBeGreaterThan(0);
      for (const span of spans) {
        expect(span).toMatchObject({ name: `process ${name}`, kind: CONSUMER });
        expect(span.resource).toMatchObject({
          'service.name': 'vigie',
          'service.namespace': 'trials',
        });
        expect(span.attributes).toMatchObject({
          'messaging.system': 'vigie',
          'messaging.consumer.group.name': `vigie.${name}`,
        });
        expect(Number(span.attributes['messaging.batch.message_count'])).toBeGreaterThan(0);
      }
    }
    const raw = spansOf('validate').map(({ attributes }) =>
      Number(attributes['messaging.batch.message_count']),
    );
    expect(raw.reduce((sum, count) => sum + count, 0)).toBe(produced.length + 1);
  });

  it('links each batch to the spans of its records, from the producer to the last stage', () => {
    expect(linksOf(spansOf('validate'))).toEqual(
      new Set(produced.map((traceparent) => traceparent.slice(3, 52))),
    );
    const ids = (...stages: string[]) => new Set(stages.flatMap(spansOf).map(idOf));
    for (const [stage, ...before] of [
      ['enrich', 'validate'],
      ['detect', 'enrich'],
      ['correlate', 'detect'],
      ['route', 'correlate', 'route'],
    ] as const) {
      const links = linksOf(spansOf(stage));
      expect(links.size, stage).toBeGreaterThan(0);
      const known = ids(...before);
      expect(
        [...links].filter((link) => !known.has(link)),
        stage,
      ).toEqual([]);
    }
  });

  it('goes on with a trace where a batch has one origin, and begins one where it has several', () => {
    const known = receiver.spans.map(({ links = [] }) => links.length);
    expect(known.some((count) => count === 1)).toBe(true);
    expect(known.some((count) => count > 1)).toBe(true);
    for (const { traceId, parentSpanId, links = [] } of receiver.spans) {
      const [first] = links;
      if (links.length === 1)
        expect([traceId, parentSpanId]).toEqual([first?.traceId, first?.spanId]);
      else
        expect([parentSpanId ?? '', links.some((link) => link.traceId === traceId)]).toEqual([
          '',
          false,
        ]);
    }
  });

  it('lasts from the arrival of a batch until its outputs are acknowledged', () => {
    for (const { startTimeUnixNano, endTimeUnixNano, events = [], status } of receiver.spans) {
      const [computed] = events;
      expect(computed?.name).toBe('computed');
      const at = BigInt(computed?.timeUnixNano ?? 0);
      expect(at >= BigInt(startTimeUnixNano) && at <= BigInt(endTimeUnixNano)).toBe(true);
      expect(status?.code ?? 0).toBe(0);
    }
  });

  it('marks outputs with their batch; a dead letter keeps its producer’s mark, state has none', () => {
    for (const [topic, stage] of [
      ['metrics.validated', 'validate'],
      ['metrics.enriched', 'enrich'],
    ] as const) {
      const origins = new Set(topics.get(topic)?.map(originOf));
      const known = new Set<string | undefined>(spansOf(stage).map(idOf));
      expect(
        [...origins].filter((origin) => !known.has(origin)),
        topic,
      ).toEqual([]);
    }
    expect(topics.get('dead-letter')?.map(originOf)).toEqual([produced[0]?.slice(3, 52)]);
    expect(new Set(topics.get('detect.state')?.map(originOf))).toEqual(new Set([undefined]));
  });

  it('counts the spans that the collector took', () => {
    const taken = sumSamples(scrape, 'monitoring_trace_spans_total', 'outcome="exported"');
    expect(taken).toBe(receiver.spans.length);
    expect(sumSamples(scrape, 'monitoring_trace_spans_total', 'outcome="failed"')).toBe(0);
  });
});

it('does its work without a collector that is away, and says so once', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silent, warn: (_fields, text) => warnings.push(text) };
  // The port of a receiver that is gone: nobody listens there.
  const gone = await OtlpReceiver.start();
  await gone.close();
  const pipeline = await start('away', [`observability.traces.endpoint=${gone.url}`], log);
  await writeTraced(pipeline);
  await untilIdle(pipeline);
  const look = async () => parseScrape(await pipeline.metrics.metrics.text());
  const failed = async () =>
    sumSamples(await look(), 'monitoring_trace_spans_total', 'outcome="failed"');
  // It is tried for a few seconds before spans are given up.
  while ((await failed()) === 0) await sleep(50);
  await pipeline.stop();
  const scrape = await look();
  expect(sumSamples(scrape, 'monitoring_points_out_total', 'stage="detect"')).toBe(
    FLEET.series * FLEET.rounds,
  );
  expect(warnings.filter((text) => text.includes('collector'))).toHaveLength(1);
});

describe('traces that nobody asked for', () => {
  const loaded = (name: string, ...set: string[]): string[] => {
    const args = ['--disable-warning=ExperimentalWarning', LOADED, join(root, name), ...set];
    const packages = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    // The metrics library loads the bare interface by itself.
    return packages.filter((each: string) => /^@opentelemetry\/(?!api$)/.test(each));
  };

  it('load nothing', () => {
    expect(loaded('off')).toEqual([]);
    const endpoint = 'observability.traces.endpoint=http://127.0.0.1:9';
    expect(loaded('on', endpoint)).toContain('@opentelemetry/sdk-trace');
  });

  it('leave no mark on any record', async () => {
    const pipeline = await start('unmarked', []);
    await writeTraced(pipeline);
    await untilIdle(pipeline);
    const enriched = await recordsOf(pipeline, 'metrics.enriched');
    await pipeline.stop();
    expect(enriched.length).toBeGreaterThan(0);
    expect(new Set(enriched.map(originOf))).toEqual(new Set([undefined]));
  });
});
