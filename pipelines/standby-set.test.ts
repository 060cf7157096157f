import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KernelAnswer, KernelCall } from '../runtime/kernel-call.ts';
import type { Lanes } from '../runtime/lanes.ts';
import { createLog } from '../runtime/log.ts';
import { SlotPool } from '../runtime/slot-pool.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import { sideRecord, stampRecord } from '../runtime/state/state-record.ts';
import type { FetchedRecord, Transport } from '../runtime/transport.ts';
import { StandbySet } from './standby-set.ts';

const spec: StageSpec = {
  name: 'detect',
  inputs: ['in'],
  broadcast: [],
  local: [],
  outputs: [],
  kernel: 'none',
};
const answer: KernelAnswer = { bytes: 0, records: 0, counters: {}, gauges: {}, elapsedMs: 0 };

/** Partitions of a state topic that checkpoints are added to, and the calls that kernels get. */
class Surroundings {
  readonly calls: string[] = [];
  readonly #logs: FetchedRecord[][] = [[], [], []];
  looks = 0;
  /** Thrown by the next call of that kind. */
  fails: KernelCall['op'] | undefined;

  save(partition: number, checkpoint: number): void {
    const log = this.#logs[partition] ?? [];
    const value = Buffer.from('x');
    const side = sideRecord({ name: 'page', side: checkpoint % 2, checkpoint, value });
    for (const record of [side, stampRecord({ checkpoint, positions: { in: checkpoint } })])
      log.push({ ...record, offset: log.length, timestampMs: 0 });
  }

  standbys(): StandbySet {
    const transport: Partial<Transport> = {
      ranges: async () => {
        this.looks += 1;
        return this.#logs.map(({ length }, partition) => ({ partition, low: 0, high: length }));
      },
      read: (_, partition, from, { to = 0 } = {}) => this.#read(partition, from, to),
    };
    const lanes: Partial<Lanes> = {
      laneOf: () => 0,
      run: async (_, { op, task }) => {
        this.calls.push(`${op} ${task.partition}`);
        if (this.fails !== op) return answer;
        this.fails = undefined;
        throw new Error('planned');
      },
    };
    return new StandbySet(spec, {
      transport: transport as Transport,
      lanes: lanes as Lanes,
      slots: new SlotPool(),
      prefix: '',
      partitions: 3,
      options: {},
      deadLetters: { maxPerMinute: 1, sampleEvery: 1 },
      checkpointPartBytes: 64 * 1024,
      clock: { nowMs: () => 0 },
      log: createLog('silent'),
    });
  }

  async *#read(partition: number, from: number, to: number) {
    const records = this.#logs[partition]?.slice(from, to) ?? [];
    if (records.length > 0) yield records;
  }
}

describe('StandbySet', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps a kernel at what is saved of each partition told, and of no other', async () => {
    const around = new Surroundings();
    around.save(1, 1);
    const standbys = around.standbys();
    standbys.follow([1, 2]);
    await vi.advanceTimersByTimeAsync(0);
    expect(around.calls).toEqual(['open 1', 'restore 1', 'open 2']);
    expect(standbys.figures).toEqual({ partitions: 2, lagRecords: 0 });
    around.save(2, 1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(around.calls.slice(3)).toEqual(['restore 2']);
    standbys.follow([2]);
    await standbys.close();
    expect(around.calls.slice(4)).toEqual(['close 1', 'close 2']);
    expect(around.looks).toBe(2);
  });

  it('hands a kernel over that then reads on where it stood', async () => {
    const around = new Surroundings();
    around.save(1, 1);
    const standbys = around.standbys();
    standbys.follow([1]);
    await vi.advanceTimersByTimeAsync(0);
    const taken = await standbys.take(1);
    around.save(1, 2);
    expect(Object.fromEntries((await taken?.own()) ?? [])).toEqual({ in: 2 });
    expect(taken?.state.progress).toMatchObject({ recordsRead: 4, behind: 0 });
    expect(await standbys.take(1)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(3000);
    await standbys.close();
    expect(around.calls).toEqual(['open 1', 'restore 1', 'restore 1']);
  });

  it('makes one that failed anew', async () => {
    const around = new Surroundings();
    around.save(1, 1);
    around.fails = 'restore';
    const standbys = around.standbys();
    standbys.follow([1]);
    await vi.advanceTimersByTimeAsync(0);
    expect(standbys.figures.partitions).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(around.calls).toEqual(['open 1', 'restore 1', 'close 1', 'open 1', 'restore 1']);
    expect(standbys.figures).toEqual({ partitions: 1, lagRecords: 0 });
    await standbys.close();
  });
});
