import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, quantile, rounded } from './bench-result.ts';
import { cpuPerPoint, threadSeconds, threadsPerPoint } from './cpu-meter.ts';
import type { Planted } from './fleet-source.ts';
import { pipelineBench } from './pipeline-bench.ts';
import { PipelineRun } from './pipeline-run.ts';
import { SignalTail } from './signal-tail.ts';
import { openSite } from './site.ts';

/** Points at which a series counts as live; the hour that it takes by the product's defaults would be too much history. */
const HISTORY_POINTS = 256;
/** Most time between two points of a series, ms: at low rates there are fewer series instead. */
const MOST_STEP_MS = 10_000;
/** Least time, ms: at high rates there are more series. What comes faster is not known long enough when its history ends. */
const LEAST_STEP_MS = 760;
/** Anomalies planted in a second: 12,000 in the minute that is measured by default. */
const PLANTED_PER_SECOND = 200;
const MOST_PLANTED_SHARE = 0.02;
/** Values that come fast must lie outside the band for 8 s before an episode opens: an anomaly lasts longer than that. */
const PLANTED_MS = 12_000;
const LEAST_PLANTED_POINTS = 6;
/** Time for workers to start and the history to be scored before the first live point is due: ms, and points per second. */
const LEAD_MS = 12_000;
const LEAST_HISTORY_RATE = 300_000;
/** Time after the measured one in which points still come and signals are waited for, ms: correlate’s clock is event time. */
const TAIL_MS = 16_000;

/**
 * Measures how long after a point is due its anomaly can be read, and its alert fires, under an open loop.
 *
 * Event time is the clock here: a point is due at its own timestamp, and what the generator, the transport or the stages
 * lose on it counts, also when they fall behind. Where a record holds several points of a series, all are due with the last. With
 * `shares`, the rates are those shares of what the pipeline does with such records in the same session.
 */
export async function latencyBench(options: BenchOptions): Promise<BenchFigures> {
  const most = options.shares.length > 0 ? await pipelineRate(options) : undefined;
  const wanted =
    most === undefined ? options.rates : options.shares.map((share) => (share / 100) * most);
  const rates = [];
  for (const rate of wanted) rates.push(await atRate(options, rate, most ?? rate));
  return { ...rates[0], ...(most === undefined ? {} : { pipelineRate: most }), rates };
}

async function pipelineRate(options: BenchOptions): Promise<number> {
  const shape = { hop: 8, stepMs: 10_000 };
  const { pointsPerSecond } = await pipelineBench({ ...options, ...shape, planted: 0 });
  return pointsPerSecond ?? 0;
}

/** A fleet that gives the rate, and how long its history takes, ms. */
function planOf(options: BenchOptions, rate: number, most: number) {
  const { seconds, warmupSeconds } = options;
  const seriesFor = (step: number): number => Math.round((rate * step) / 1000);
  const series = Math.max(
    seriesFor(LEAST_STEP_MS),
    Math.min(options.series, seriesFor(MOST_STEP_MS)),
  );
  const stepMs = Math.round((series * 1000) / rate);
  const planted = Math.min(MOST_PLANTED_SHARE, PLANTED_PER_SECOND / rate);
  const at = { ...options, series, stepMs, hop: 8, planted };
  const pilots = Math.min(0.5, (1.2 * planted * rate * (warmupSeconds + seconds)) / series);
  const historyPoints = pilots * series * HISTORY_POINTS;
  const leadMs = LEAD_MS + (historyPoints * 1000) / Math.max(LEAST_HISTORY_RATE, most / 3);
  return { at, pilots, leadMs };
}

async function atRate(options: BenchOptions, rate: number, most: number) {
  const { seconds } = options;
  const { at, pilots, leadMs } = planOf(options, rate, most);
  const { series, stepMs, pointsPerSeries } = at;
  const recordMs = (pointsPerSeries - 1) * stepMs;
  const site = await openSite(at, [`detect.warmMs=${HISTORY_POINTS * LEAST_STEP_MS}`]);
  const firstMs = Math.round(systemClock.nowMs() + leadMs);
  const startMs = firstMs - recordMs - HISTORY_POINTS * stepMs;
  const run = await PipelineRun.open(site, at, {
    startMs,
    pilots,
    together: true,
    historyPoints: HISTORY_POINTS,
    plantedPoints: Math.max(LEAST_PLANTED_POINTS, Math.ceil(PLANTED_MS / stepMs)),
  });
  try {
    await run.startWorkers();
    await run.generator.history();
    await run.untilScored(run.generator.points);
    const tail = await SignalTail.open(run.pipeline);
    const spareMs = firstMs - systemClock.nowMs();
    run.generator.live();
    await sleep(Math.max(0, spareMs) + options.warmupSeconds * 1000);
    const from = { ...reading(run), ms: systemClock.nowMs() };
    await sleep(seconds * 1000);
    const to = reading(run);
    const points = to.points - from.points;
    const cpu = cpuPerPoint(from.cpu, to.cpu, points);
    const endMs = systemClock.nowMs();
    await sleep(TAIL_MS);
    const all = await run.generator.halt();
    const known = all.filter(
      ({ startMs: ms }) => ms + recordMs >= from.ms && ms + recordMs < endMs,
    );
    await tail.close();
    return {
      rate: Math.round(rate),
      client: options.transport === 'kafka' ? options.client : 'embedded',
      series,
      stepMs,
      pointsPerSecond: rounded(points / seconds),
      cpuNsPerPoint: cpu.total,
      cpuNsPerPointBy: cpu,
      cpuNsPerPointByThread: threadsPerPoint(from.threads, to.threads, points),
      cores: rounded((to.cpu.total - from.cpu.total) / seconds, 3),
      headStartMs: Math.round(spareMs),
      counted: run.counts().counted,
      ...latencies(tail, known, { stepMs, recordMs }),
    };
  } finally {
    await run.close();
    await site.close();
  }
}

function reading(run: PipelineRun) {
  return { cpu: run.meter.read(), threads: threadSeconds(), points: run.generator.points };
}

/** Points that a record brings late are due with its last one; an anomaly is planted from the first one on. */
interface RecordTimes {
  readonly stepMs: number;
  readonly recordMs: number;
}

/** When the record is due that holds a point of a planted anomaly. */
function dueMs(pointMs: number, plantedMs: number, { stepMs, recordMs }: RecordTimes): number {
  const records = Math.floor((pointMs - plantedMs) / (recordMs + stepMs));
  return plantedMs + records * (recordMs + stepMs) + recordMs;
}

function latencies(tail: SignalTail, planted: readonly Planted[], times: RecordTimes) {
  const anomaly: number[] = [];
  const firing: number[] = [];
  const incident: number[] = [];
  for (const { series, startMs, endMs } of planted) {
    const opened = tail.opened.get(series)?.find((o) => o.startMs >= startMs && o.startMs <= endMs);
    if (opened === undefined) continue;
    const due = dueMs(opened.startMs, startMs, times);
    anomaly.push(opened.readMs - due);
    const fired = tail.fired.get(opened.id);
    if (fired === undefined) continue;
    firing.push(fired.readMs - due);
    const told = tail.told.get(fired.alert);
    if (told !== undefined) incident.push(told - due);
  }
  const { p50Ms, p95Ms, p99Ms } = spread(anomaly);
  return {
    p50Ms,
    p95Ms,
    p99Ms,
    planted: planted.length,
    anomaly: spread(anomaly),
    firing: spread(firing),
    incident: spread(incident),
  };
}

function spread(sample: readonly number[]) {
  const sorted = Float64Array.from(sample).sort();
  return {
    count: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
  };
}
