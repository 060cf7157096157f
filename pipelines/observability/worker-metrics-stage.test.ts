import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../runtime/errors.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import { StageMeter } from './worker-metrics-stage.ts';

function makeMeter() {
  const time = { ms: 1e9, nowMs: () => time.ms, elapsedMs: () => time.ms };
  const observed: [string, number, object][] = [];
  const meter = new StageMeter({
    stage: 'detect',
    prefix: 'vigie.',
    clock: time,
    monotonic: time,
    observe: (name, value, labels) => observed.push([name, value, labels]),
  });
  return { time, observed, meter };
}

function record(topic: string, bytes: number): OutboundRecord {
  const value = new Uint8Array(bytes);
  return { topic, partition: 0, key: null, value, headers: {}, timestampMs: 0 };
}

const stage = 'detect';
const progress = { recordsRead: 0, behind: 0 };

describe('StageMeter', () => {
  it('goes through its phases', async () => {
    const { meter } = makeMeter();
    const phase = () => meter.condition(0).phase;
    expect(phase()).toBe('starting');
    meter.subscribed(new Map(), new Set());
    expect(phase()).toBe('running');
    expect(meter.condition(0).joined).toBe(false);
    meter.faulted(new PipelineError('KERNEL_TIMEOUT'));
    expect(meter.condition(0)).toMatchObject({ phase: 'rebuilding', fault: 'KERNEL_TIMEOUT' });
    meter.subscribed(new Map(), new Set());
    expect(phase()).toBe('running');
    meter.faulted(new PipelineError('KERNEL_FAILED'));
    meter.stopped();
    expect(phase()).toBe('failed');
    expect([...meter.faults]).toEqual([
      ['KERNEL_TIMEOUT', 1],
      ['KERNEL_FAILED', 1],
    ]);
  });

  it('times restoring and gaining partitions, and knows which still restore', async () => {
    const { time, observed, meter } = makeMeter();
    await meter.rebalance('assigned', async () => {
      const restoring = [3, 1].map((partition) =>
        meter.restore(partition, progress, async () => {
          time.ms += 250;
        }),
      );
      await Promise.all(restoring);
      expect(meter.condition(0)).toMatchObject({ joined: true, restoring: [1, 3] });
      meter.started(3);
      expect(meter.condition(0).restoring).toEqual([1]);
      meter.started(1);
    });
    expect(meter.partitions('running')).toBe(2);
    expect(observed.at(-1)).toEqual([
      'monitoring_rebalance_duration_seconds',
      0.5,
      { stage, change: 'assigned' },
    ]);
    meter.released(1);
    expect(meter.partitions('running')).toBe(1);
  });

  it('counts what was acknowledged, and nothing of a write that failed', async () => {
    const { time, observed, meter } = makeMeter();
    const records = [record('vigie.anomalies', 10), record('vigie.dead-letter', 5)];
    const failed = meter.write('commit', records, async () => {
      expect(meter.condition(0).writeSeconds).toBe(0);
      time.ms += 4000;
      expect(meter.condition(0).writeSeconds).toBe(4);
      throw new PipelineError('TRANSPORT_UNAVAILABLE');
    });
    await expect(failed).rejects.toThrow(PipelineError);
    expect(meter.condition(0)).toMatchObject({
      writeFault: 'TRANSPORT_UNAVAILABLE',
      writeSeconds: 0,
    });
    expect([...meter.written]).toEqual([]);
    await meter.write('commit', records, async () => {
      time.ms += 20;
    });
    await meter.write('checkpoint', [record('vigie.detect.state', 700)], async () => undefined);
    expect(meter.condition(0).writeFault).toBeUndefined();
    expect(Object.fromEntries(meter.written)).toEqual({
      anomalies: { records: 1, bytes: 10 },
      'dead-letter': { records: 1, bytes: 5 },
      'detect.state': { records: 1, bytes: 700 },
    });
    expect(meter.checkpointBytes).toBe(700);
    expect(meter.largestPartBytes).toBe(700);
    expect(observed).toEqual([
      ['monitoring_commit_duration_seconds', 0.02, { stage }],
      ['monitoring_checkpoint_duration_seconds', 0, { stage }],
    ]);
  });

  it('shows the queues of the tasks it was given, as they are now', () => {
    const { meter } = makeMeter();
    const tasks = new Map([[0, { pendingItems: 2, pendingBytes: 30 }]]);
    const paused = new Set<number>();
    meter.subscribed(tasks, paused);
    tasks.set(1, { pendingItems: 1, pendingBytes: 12 });
    paused.add(1);
    expect(meter.queue).toEqual({ items: 3, bytes: 42, paused: 1 });
    meter.gaveUp(new Error('x'));
    expect(meter.queue).toEqual({ items: 0, bytes: 0, paused: 0 });
  });

  it('takes inference times from counters, and ages from time stamps that mean something', () => {
    const { time, observed, meter } = makeMeter();
    meter.inferred({ points_in_total: 3, 'inference_seconds{model="forecast"}': 0.25 });
    meter.aged([0, time.ms - 1500, time.ms + 10]);
    expect(observed).toEqual([
      ['monitoring_ml_inference_duration_seconds', 0.25, { model: 'forecast' }],
      ['monitoring_record_age_seconds', 1.5, { stage }],
      ['monitoring_record_age_seconds', 0, { stage }],
    ]);
  });
});
