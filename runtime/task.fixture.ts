import type { Lanes } from './lanes.ts';
import { SlotPool } from './slot-pool.ts';
import type { StageSpec } from './stage-spec.ts';
import { Task, type TaskResult } from './task.ts';
import type { TaskServices } from './task-restore.ts';
import type { FetchedRecord, OutboundRecord, Transport } from './transport.ts';

/** A task of one partition over a state topic in memory. */
export interface StartedTask {
  readonly task: Task;
  /** The state topic; grows with what the task writes. */
  readonly saved: OutboundRecord[];
  /** Where the task begins to read its one input. */
  readonly from: number | undefined;
}

/** How a task is started. */
export interface TaskSetup {
  readonly spec: StageSpec;
  /** Kernel threads; those of several tasks may be the same, if one starts behind the end of another. */
  readonly lanes: Lanes;
  /** What is on the state topic. */
  readonly state?: readonly OutboundRecord[];
  /** Committed offset of the input. */
  readonly committed?: number;
  readonly partBytes?: number;
  /** Sees each result before it is settled, and what it saves. */
  readonly take: (result: TaskResult, written: readonly OutboundRecord[]) => void;
}

/** Starts a task; whatever it writes counts as written at once. */
export async function startTask(setup: TaskSetup): Promise<StartedTask> {
  const { spec, lanes, state = [], committed = 0, partBytes = 64 * 1024, take } = setup;
  const saved = [...state];
  const transport = {
    ranges: async () => [{ partition: 0, low: 0, high: saved.length }],
    async *read(_topic: string, _partition: number, from: number, { to = saved.length } = {}) {
      const offsets = [...saved.keys()].filter((offset) => offset >= from && offset < to);
      yield offsets.map((offset) => ({ ...(saved[offset] as OutboundRecord), offset }));
    },
    write: async () => undefined,
  };
  const services: TaskServices = {
    transport: transport as unknown as Transport,
    lanes,
    slots: new SlotPool(),
    prefix: '',
    partitions: 1,
    options: undefined,
    deadLetters: { maxPerMinute: 1, sampleEvery: 1 },
    checkpointPartBytes: partBytes,
    clock: { nowMs: () => 0 },
  };
  const task = new Task(spec, 0, services);
  task.results.subscribe((result) => {
    const isState = result.kind === 'checkpoint' || result.kind === 'part';
    const written = isState ? task.stateRecords(result).map(copied) : [];
    saved.push(...written);
    take(result, written);
    task.settle(result);
  });
  const [input = ''] = spec.inputs;
  const from = await task.open(new Map([[input, committed]]));
  return { task, saved, from: from.get(input) };
}

/** A record of the input. */
export function inputRecord(text: string, offset: number): FetchedRecord {
  return { offset, key: null, value: Buffer.from(text), headers: {}, timestampMs: 0 };
}

/** A topic keeps bytes; the slot that they lie in is used again. */
function copied({ key, value, ...rest }: OutboundRecord): OutboundRecord {
  return { ...rest, key: key && Buffer.from(key), value: value && Buffer.from(value) };
}
