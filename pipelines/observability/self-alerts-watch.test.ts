import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../runtime/errors.ts';
import type { KernelAnswer } from '../../runtime/kernel-call.ts';
import type { Log } from '../../runtime/log.ts';
import { StageStats } from '../stage-stats.ts';
import { topology } from '../topology.ts';
import { SelfAlertsWatch } from './self-alerts-watch.ts';
import { WorkerMetrics } from './worker-metrics.ts';

const limits = {
  expectedIntervalMs: 10_000,
  stallMs: 60_000,
  windowMs: 120_000,
  minLagMs: 30_000,
  kernelTimeoutMs: 30_000,
};

function makeWatch(ranges: (topic: string) => Promise<[]> = async () => []) {
  const time = { ms: 1e12, nowMs: () => time.ms, elapsedMs: () => time.ms };
  const metrics = new WorkerMetrics({
    clock: time,
    monotonic: time,
    prefix: 'vigie.',
    threads: 1,
    kernelTimeoutMs: limits.kernelTimeoutMs,
  });
  const stats = new StageStats('validate');
  const meter = metrics.addStage('validate', stats);
  meter.subscribed(new Map(), new Set());
  const lines: [string, object, string][] = [];
  const to = (level: string) => (fields: object, text: string) => lines.push([level, fields, text]);
  const log: Log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  const watch = new SelfAlertsWatch({
    metrics,
    transport: { ranges },
    prefix: 'vigie.',
    stages: topology.slice(0, 1),
    log,
    limits,
    sampleIntervalMs: 10_000,
  });
  return { time, metrics, stats, meter, lines, watch };
}

async function selfAlertLines(metrics: WorkerMetrics): Promise<string[]> {
  const text = await metrics.metrics.text();
  return text.split('\n').filter((line) => /^monitoring_self_alert.* 1$/.test(line));
}

describe('SelfAlertsWatch', () => {
  it('says once when an alert begins and once when it is over, and shows it meanwhile', async () => {
    const { time, metrics, lines, watch } = makeWatch();
    const task = { stage: 'validate', partition: 0 };
    const end = metrics.lanes.began(0, { op: 'close', task });
    watch.judge();
    time.ms += 31_000;
    watch.judge();
    time.ms += 10_000;
    watch.judge();
    expect(lines).toEqual([
      [
        'warn',
        { selfAlert: 'stuck_worker', stage: 'validate' },
        'a kernel call has been under way for 31.0 s',
      ],
    ]);
    expect(await selfAlertLines(metrics)).toEqual(['monitoring_self_alert{name="stuck_worker"} 1']);
    end({
      bytes: 0,
      records: 0,
      counters: {},
      gauges: {},
      elapsedMs: 41_000,
    } satisfies KernelAnswer);
    time.ms += 10_000;
    watch.judge();
    expect(lines.slice(1)).toEqual([
      ['info', { selfAlert: 'stuck_worker', stage: 'validate' }, 'over'],
    ]);
    expect(await selfAlertLines(metrics)).toEqual([]);
    metrics.close();
  });

  it('goes on judging while the transport hangs or fails, and has the stage not ready', async () => {
    let answer: Promise<[]> = new Promise(() => undefined);
    const { metrics, lines, meter, watch } = makeWatch(() => answer);
    const hanging = watch.look();
    meter.gaveUp(new PipelineError('KERNEL_FAILED'));
    await watch.look();
    watch.judge();
    expect(lines.map(([level]) => level)).toEqual(['warn']);
    meter.subscribed(new Map(), new Set());
    await meter.rebalance('assigned', async () => undefined);
    expect(metrics.ready().status).toBe('ok');
    answer = Promise.reject(new PipelineError('TRANSPORT_UNAVAILABLE'));
    answer.catch(() => undefined);
    const second = makeWatch(() => answer);
    await second.meter.rebalance('assigned', async () => undefined);
    await second.watch.look();
    expect(second.metrics.ready().stages).toEqual([
      {
        stage: 'validate',
        ok: false,
        reason: 'topics cannot be written: TRANSPORT_UNAVAILABLE',
      },
    ]);
    answer = Promise.resolve([]);
    await second.watch.look();
    expect(second.metrics.ready().status).toBe('ok');
    expect(hanging).toBeInstanceOf(Promise);
  });

  it('still sees a stall at the end of its memory after a day of frequent samples', () => {
    const { time, stats, watch } = makeWatch();
    stats.assigned(0, 'vigie.metrics.raw', 0, 0);
    const seconds = (count: number) => {
      for (let i = 0; i < count; i++) {
        time.ms += 1000;
        watch.judge();
      }
      return watch.judge().map(({ name }) => name);
    };
    expect(seconds(86_400)).toEqual([]);
    stats.ends('vigie.metrics.raw', [{ partition: 0, low: 0, high: 5 }]);
    expect(seconds(59)).toEqual([]);
    expect(seconds(4)).toEqual(['stage_stopped']);
    stats.position(0, 'vigie.metrics.raw', 5);
    expect(seconds(1)).toEqual([]);
  });
});
