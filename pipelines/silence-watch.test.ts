import { describe, expect, it } from 'vitest';
import { PipelineError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { OutboundRecord } from '../runtime/transport.ts';
import { Codec } from '../schemas/codec.ts';
import { FileRegistry } from '../schemas/file-registry.ts';
import { registerRecords } from '../schemas/registry.ts';
import { SilenceWatch } from './silence-watch.ts';
import { StageStats } from './stage-stats.ts';

const TOPIC = 'vigie.metrics.raw';
const codec = new Codec(await registerRecords(new FileRegistry()));

function setUp(write?: () => Promise<void>) {
  const time = { ms: 1e12, nowMs: () => time.ms, elapsedMs: () => time.ms };
  const written: OutboundRecord[] = [];
  const warnings: string[] = [];
  const ignore = () => undefined;
  const warn = (_fields: object, text: string) => warnings.push(text);
  const log: Log = { debug: ignore, info: ignore, warn, error: ignore };
  const stats = new StageStats('validate');
  const watch = new SilenceWatch({
    transport: {
      write: async (_producer, records) => {
        await write?.();
        written.push(...records);
      },
    },
    codec,
    heads: () => stats.heads(),
    idleTimeoutMs: 10_000,
    clock: time,
    monotonic: time,
    log,
  });
  /** Looks every 2.5 s up to a time. */
  const until = async (ms: number) => {
    while (time.ms < 1e12 + ms) {
      time.ms += 2500;
      await watch.look();
    }
    return written.splice(0).map(({ topic, partition, key, value, timestampMs }) => {
      expect([topic, key?.toString(), timestampMs >= 1e12]).toEqual([TOPIC, 'tick', true]);
      const tick = codec.decode(value ?? new Uint8Array(0), ['Tick']).value;
      expect(tick).toEqual({ sourcePartition: partition, watermarkMs: timestampMs, idle: true });
      return [partition, timestampMs - 1e12];
    });
  };
  /** A record arrives and goes through. */
  const record = (partition: number, offset: number) => {
    const one = { offset, key: null, value: null, headers: {}, timestampMs: time.ms };
    stats.fetched(partition, TOPIC, [one], offset + 1);
    stats.position(partition, TOPIC, offset + 1);
  };
  return { stats, watch, until, record, warnings, written };
}

describe('SilenceWatch', () => {
  it('has nothing to say while nothing is assigned', async () => {
    const { until, watch } = setUp();
    expect(await until(60_000)).toEqual([]);
    await watch.flush();
  });

  it('logs a silence after the time-out, and again after each such time, by partition', async () => {
    const { stats, until, record } = setUp();
    stats.assigned(0, TOPIC, 5, 5);
    stats.assigned(2, TOPIC, 0, 0);
    expect(await until(7500)).toEqual([]);
    record(0, 5);
    expect(await until(15_000)).toEqual([[2, 12_500]]);
    // Its own record is no end of the silence.
    record(2, 0);
    expect(await until(30_000)).toEqual([
      [0, 20_000],
      [2, 22_500],
      [0, 30_000],
    ]);
  });

  it('says nothing of a partition whose records have not gone through, or that was given up', async () => {
    const { stats, until } = setUp();
    stats.assigned(0, TOPIC, 0, 4);
    stats.assigned(1, TOPIC, 0, 0);
    expect(await until(5000)).toEqual([]);
    stats.released(1);
    expect(await until(60_000)).toEqual([]);
    stats.position(0, TOPIC, 4);
    stats.assigned(1, TOPIC, 0, 0);
    expect(await until(67_500)).toEqual([]);
    expect(await until(75_000)).toEqual([
      [0, 70_000],
      [1, 72_500],
    ]);
  });

  it('logs at once when it is asked to', async () => {
    const { stats, watch, until } = setUp();
    stats.assigned(0, TOPIC, 0, 0);
    stats.assigned(1, TOPIC, 3, 3);
    await watch.flush();
    expect((await until(0)).map(([partition]) => partition)).toEqual([0, 1]);
  });

  it('tries again after a fault, and warns once', async () => {
    let away = true;
    const { stats, watch, until, warnings } = setUp(async () => {
      if (away) throw new PipelineError('TRANSPORT_UNAVAILABLE', 'no broker');
    });
    stats.assigned(0, TOPIC, 0, 0);
    await watch.look();
    await expect(watch.flush()).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    await expect(until(10_000)).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    expect(warnings).toHaveLength(1);
    away = false;
    expect(await until(12_500)).toHaveLength(1);
  });
});
