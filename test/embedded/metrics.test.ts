import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../pipelines/config.ts';
import { selfAlertNames } from '../../pipelines/observability/self-alerts.ts';
import { metricCatalogue } from '../../pipelines/observability/worker-metrics-catalogue.ts';
import { openMetricsListener } from '../../pipelines/observability/worker-metrics-listener.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { topology } from '../../pipelines/topology.ts';
import { createLog } from '../../runtime/log.ts';
import type { HealthVerdict } from '../../runtime/metrics/health.ts';
import type { MetricsServer } from '../../runtime/metrics/metrics-server.ts';
import type { FetchedRecord } from '../../runtime/transport.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { makeFleet } from '../support/fleet.ts';
import { readAnomalies, untilIdle } from '../support/pipeline-reading.ts';
import { parseScrape, type Scrape, sumSamples } from '../support/scrape.ts';
import { writeFleet } from '../support/write-fleet.ts';

const FLEET = { seed: 3, series: 40, rounds: 600, stepMs: 60_000, faultEvery: 150 };
const POINTS = FLEET.series * FLEET.rounds;
const BAD_RECORDS = 7;

const folder = mkdtempSync(join(tmpdir(), 'vigie-metrics-'));
const log = createLog('silent');
let config: Config;
let worker: { readonly pipeline: RunningPipeline; readonly server: MetricsServer };

beforeAll(async () => {
  config = loadConfig({
    cwd: folder,
    environment: {},
    set: [
      `transport.embedded.dir=${join(folder, 'log')}`,
      'transport.embedded.durability=normal',
      'runtime.checkpointIntervalMs=1000',
      'runtime.threads=2',
      'observability.listener.enabled=true',
      'observability.listener.port=0',
      'observability.selfAlerts.sampleIntervalMs=100',
    ],
  }).options;
  worker = await startWorker();
});

afterAll(async () => {
  await worker.server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker() {
  const pipeline = await runPipeline(config, { log });
  const server = await openMetricsListener(config.observability, pipeline.metrics, log);
  if (server === undefined) throw new Error('no listener');
  return { pipeline, server };
}

async function ask(path: string): Promise<{ status: number; type: string | null; body: string }> {
  const response = await fetch(`http://127.0.0.1:${worker.server.port}${path}`);
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), body: await response.text() };
}

async function health(path: '/livez' | '/readyz') {
  const { status, body } = await ask(path);
  return { status, verdict: JSON.parse(body) as HealthVerdict };
}

async function scrape(): Promise<Scrape> {
  return parseScrape((await ask('/metrics')).body);
}

/** A worker that cannot go on says so: nothing is waited for any longer. */
async function orFailed<T>(awaited: Promise<T>): Promise<T> {
  return await Promise.race([awaited, worker.pipeline.failed]);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await orFailed(holds()))) await orFailed(sleep(20));
}

async function untilReady(): Promise<void> {
  await until(async () => (await health('/readyz')).status === 200);
}

async function recordsOf(name: string): Promise<FetchedRecord[]> {
  const { transport, prefix } = worker.pipeline;
  const found: FetchedRecord[] = [];
  for (const { partition, low, high } of await transport.ranges(prefix + name)) {
    if (high === low) continue;
    for await (const records of transport.read(prefix + name, partition, low, { to: high }))
      found.push(...records);
  }
  return found;
}

async function pointsOn(name: string): Promise<number> {
  let points = 0;
  for (const { value } of await recordsOf(name)) {
    const { codec } = worker.pipeline;
    const decoded = codec.decode(value ?? new Uint8Array(0), ['SeriesBatch', 'Tick']);
    if (decoded.name === 'Tick') continue;
    const batch = readPackedBatch(decoded.value);
    if ('code' in batch) throw new Error(batch.detail);
    points += batch.pointCount;
  }
  return points;
}

/** Firings on the topic: an alert may fire again, each time at another time. */
async function firings(): Promise<number> {
  const fired = new Set<string>();
  for (const { value } of await recordsOf('alerts.history')) {
    const { codec } = worker.pipeline;
    const decoded = codec.decode(value ?? new Uint8Array(0), ['Alert', 'Incident']);
    if (decoded.name !== 'Alert' || decoded.value.firedAtMs === null) continue;
    fired.add(`${Buffer.from(decoded.value.id).toString('hex')} ${decoded.value.firedAtMs}`);
  }
  return fired.size;
}

async function writePoints(): Promise<void> {
  const { transport, codec, prefix } = worker.pipeline;
  const { partitions } = config.topics;
  const fleet = makeFleet(FLEET);
  const pointsPerRecord = () => 500;
  await writeFleet({ fleet, transport, codec, prefix, partitions, pointsPerRecord });
  const bad = Array.from({ length: BAD_RECORDS }, (_, i) => ({
    topic: `${prefix}metrics.raw`,
    partition: i % partitions,
    key: null,
    value: Buffer.from('no Avro'),
    headers: {},
    timestampMs: fleet.startMs,
  }));
  await transport.write('vandal', bad);
}

describe('a worker that is asked', () => {
  it('is alive and not ready while it restores, says which stages, and then is ready', async () => {
    const { status, verdict } = await health('/readyz');
    expect(status).toBe(503);
    const waiting = verdict.stages.filter(({ ok }) => !ok);
    expect(waiting.length).toBeGreaterThan(0);
    for (const { reason } of waiting) expect(reason).toMatch(/^(waiting for its|restoring) part/);
    expect((await health('/livez')).status).toBe(200);
    await untilReady();
    const { verdict: ready } = await health('/readyz');
    expect(ready.stages).toEqual(topology.map(({ name }) => ({ stage: name, ok: true })));
  });

  it('counts what is on the topics', async () => {
    await writePoints();
    await orFailed(untilIdle(worker.pipeline));
    let found = await scrape();
    // The acknowledgement of a write that the log shows already, or a checkpoint, may still be on its way.
    await until(async () => {
      found = await scrape();
      return sumSamples(found, 'monitoring_queue_items') === 0;
    });
    const sum = (metric: string, ...labels: string[]) => sumSamples(found, metric, ...labels);
    expect(sum('monitoring_metrics_ingested_total')).toBe(POINTS);
    expect(sum('monitoring_points_out_total', 'stage="enrich"')).toBe(
      await pointsOn('metrics.enriched'),
    );
    expect(sum('monitoring_points_scored_total', 'member="forecast"')).toBe(POINTS);
    const anomalies = await readAnomalies(worker.pipeline);
    const opened = anomalies.filter(({ phase }) => phase === 'OPEN').length;
    expect(opened).toBeGreaterThan(10);
    expect(sum('monitoring_anomalies_detected_total')).toBe(opened);
    expect(sum('monitoring_anomaly_records_total')).toBe(anomalies.length);
    const fired = await firings();
    expect(fired).toBeGreaterThan(0);
    expect(sum('monitoring_alerts_fired_total')).toBe(fired);
    expect((await recordsOf('dead-letter')).length).toBe(BAD_RECORDS);
    expect(sum('monitoring_records_dead_lettered_total', 'code="RECORD_NOT_AVRO"')).toBe(
      BAD_RECORDS,
    );
    for (const topic of ['metrics.validated', 'dead-letter', 'anomalies', 'decisions', 'series'])
      expect(sum('monitoring_records_written_total', `topic="${topic}"`), topic).toBe(
        (await recordsOf(topic)).length,
      );
    expect(sum('monitoring_records_settled_total', 'stage="validate"')).toBe(
      (await recordsOf('metrics.raw')).length,
    );
    for (const metric of ['lag_records', 'lag_seconds', 'points_unaccounted', 'queue_bytes'])
      expect(sum(`monitoring_${metric}`), metric).toBe(0);
    expect(sum('monitoring_series')).toBe(FLEET.series);
    expect(sum('monitoring_series_registered')).toBe(FLEET.series);
  });

  it('has measured calls, commits, models and checkpoints', async () => {
    const written = async () =>
      sumSamples(await scrape(), 'monitoring_checkpoint_bytes_total', 'stage="detect"');
    await until(async () => (await written()) > 0);
    const found = await scrape();
    const count = (metric: string, ...labels: string[]) =>
      sumSamples(found, `${metric}_count`, ...labels);
    for (const { name } of topology) {
      const stage = `stage="${name}"`;
      expect(
        count('monitoring_kernel_call_duration_seconds', stage, 'op="process"'),
      ).toBeGreaterThan(0);
      expect(count('monitoring_kernel_wait_seconds', stage)).toBeGreaterThan(0);
      expect(count('monitoring_commit_duration_seconds', stage)).toBeGreaterThan(0);
      expect(count('monitoring_rebalance_duration_seconds', stage)).toBe(1);
      expect(count('monitoring_record_age_seconds', stage)).toBeGreaterThan(0);
    }
    expect(count('monitoring_checkpoint_duration_seconds', 'stage="detect"')).toBeGreaterThan(0);
    for (const model of ['isolation-forest', 'lstm-autoencoder'])
      expect(count('monitoring_ml_inference_duration_seconds', `model="${model}"`)).toBeGreaterThan(
        0,
      );
    expect(sumSamples(found, 'monitoring_ml_inference_duration_seconds_sum')).toBeGreaterThan(0);
    expect(sumSamples(found, 'monitoring_lane_busy_seconds_total')).toBeGreaterThan(0);
    expect(sumSamples(found, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect([...found.keys()].filter((key) => /h\d+|unit|host/.test(key))).toEqual([]);
  });

  it('shows every metric that there is, but for what did not happen', async () => {
    const shown = new Set([...(await scrape()).keys()].map((key) => key.split('{', 1)[0]));
    const absent = Object.entries(metricCatalogue).filter(
      ([name, { kind }]) => !shown.has(kind === 'histogram' ? `${name}_count` : name),
    );
    expect(absent.map(([name]) => name)).toEqual([
      'monitoring_points_dropped_total',
      'monitoring_points_late_total',
      'monitoring_dead_letters_left_out_total',
      'monitoring_tier_refused_total',
      'monitoring_series_evicted_total',
      'monitoring_notification_records_total',
      'monitoring_stage_faults_total',
      'monitoring_trace_spans_total',
    ]);
  });

  it('has no self-alert on', async () => {
    const found = await scrape();
    expect([...found].filter(([key]) => key.startsWith('monitoring_self_alert'))).toHaveLength(
      selfAlertNames.length,
    );
    expect(sumSamples(found, 'monitoring_self_alert')).toBe(0);
  });

  it('is not ready from the moment it is told to stop, and tells what it restored afterwards', async () => {
    const stopped = worker.pipeline.stop();
    const { status, verdict } = await health('/readyz');
    expect(status).toBe(503);
    expect(verdict.stages[0]).toEqual({ stage: 'validate', ok: false, reason: 'stopped' });
    expect((await health('/livez')).status).toBe(200);
    await stopped;
    await worker.server.close();
    worker = await startWorker();
    await untilReady();
    const found = await scrape();
    expect(sumSamples(found, 'monitoring_restored_bytes_total', 'stage="detect"')).toBeGreaterThan(
      FLEET.series * 100,
    );
    expect(sumSamples(found, 'monitoring_restore_duration_seconds_count', 'stage="detect"')).toBe(
      config.topics.partitions,
    );
    expect(sumSamples(found, 'monitoring_partitions', 'state="running"')).toBe(
      config.topics.partitions * topology.length,
    );
    await worker.pipeline.stop();
  });
});
