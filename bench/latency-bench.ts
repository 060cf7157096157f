import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, quantile, rounded } from './bench-result.ts';
import { cpuPerPoint } from './cpu-meter.ts';
import type { Planted } from './fleet-source.ts';
import { PipelineRun } from './pipeline-run.ts';
import { SignalTail } from './signal-tail.ts';
import { openSite } from './site.ts';

/** Points of one record: what one agent sends at once. */
const POINTS_PER_RECORD = 100;
const HISTORY_POINTS = 256;
/** Share of the series on which anomalies are planted. */
const PILOTS = 0.1;
/** Time for the history to be scored before the first live point is due, ms: to begin with, and for each record of it. */
const LEAD_MS = 3000;
const LEAD_PER_RECORD_MS = 10;
/** Time after the measured one in which points still come and signals are waited for, ms: correlate’s clock is event time. */
const TAIL_MS = 8_000;

/**
 * Measures how long after a point is due its anomaly can be read, and its alert fires, under an open loop.
 *
 * Event time is the clock here: a point is due at its own timestamp, and what the generator, the transport or the stages
 * lose on it counts, also when they fall behind.
 */
export async function latencyBench(options: BenchOptions): Promise<BenchFigures> {
  const rates = [];
  for (const rate of options.rates) rates.push(await atRate({ ...options, planted: 0.01 }, rate));
  return { ...rates[0], rates };
}

async function atRate(options: BenchOptions, rate: number) {
  const { stepMs, seconds } = options;
  const series = Math.round((rate * stepMs) / 1000);
  const pointsPerRecord = Math.min(POINTS_PER_RECORD, options.pointsPerRecord);
  const at = { ...options, series, pointsPerSeries: 1, pointsPerRecord };
  const site = await openSite(at);
  const pilotGroups = Math.ceil((series / pointsPerRecord) * PILOTS);
  const leadMs = LEAD_MS + pilotGroups * HISTORY_POINTS * LEAD_PER_RECORD_MS;
  const startMs = systemClock.nowMs() + leadMs - HISTORY_POINTS * stepMs;
  const run = await PipelineRun.open(site, at, { startMs, pilots: PILOTS, together: true });
  try {
    await run.startWorkers();
    await run.generator.history();
    await run.untilScored(run.generator.points);
    const tail = await SignalTail.open(run.pipeline);
    const spareMs = startMs + HISTORY_POINTS * stepMs - systemClock.nowMs();
    run.generator.live();
    await sleep(Math.max(0, spareMs));
    const from = { cpu: run.meter.read(), points: run.generator.points };
    await sleep(seconds * 1000);
    const points = run.generator.points - from.points;
    const cpu = cpuPerPoint(from.cpu, run.meter.read(), points);
    const endMs = systemClock.nowMs();
    await sleep(TAIL_MS);
    const planted = (await run.generator.halt()).filter(({ startMs: ms }) => ms < endMs);
    await tail.close();
    return {
      rate,
      pointsPerSecond: rounded(points / seconds),
      cpuNsPerPoint: cpu.total,
      headStartMs: Math.round(spareMs),
      ...latencies(tail, planted),
    };
  } finally {
    await run.close();
    await site.close();
  }
}

function latencies(tail: SignalTail, planted: readonly Planted[]) {
  const anomaly: number[] = [];
  const firing: number[] = [];
  const incident: number[] = [];
  for (const { series, startMs, endMs } of planted) {
    const opened = tail.opened.get(series)?.find((o) => o.startMs >= startMs && o.startMs <= endMs);
    if (opened === undefined) continue;
    anomaly.push(opened.readMs - opened.startMs);
    const fired = tail.fired.get(opened.id);
    if (fired === undefined) continue;
    firing.push(fired.readMs - opened.startMs);
    const told = tail.told.get(fired.alert);
    if (told !== undefined) incident.push(told - opened.startMs);
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
