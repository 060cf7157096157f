import { PipelineError } from './errors.ts';
import type { TaskAddress } from './kernel-call.ts';
import { stateTopic } from './stage-spec.ts';
import type { OutboundRecord, RecordHeaders, TopicRecord, Transport } from './transport.ts';

/** Key of the record that says which input offsets a task’s saved state includes. */
const STAMP_KEY = Buffer.from('~stamp');
const NO_HEADERS: RecordHeaders = Object.freeze({});

/** How to read a task’s saved state. */
export interface ReadTaskState {
  readonly transport: Transport;
  readonly prefix: string;
  readonly task: TaskAddress;
  /** Entries are handed to `restore` in chunks of about this size. */
  readonly chunkBytes: number;
  readonly restore: (records: readonly TopicRecord[]) => Promise<void>;
}

/**
 * Reads a task’s state topic once and hands its entries over, newest last.
 *
 * @returns the stamp: the next input offset, per topic, that the state includes; empty for a task without state.
 */
export async function readTaskState(read: ReadTaskState): Promise<ReadonlyMap<string, number>> {
  const { transport, prefix, task, chunkBytes, restore } = read;
  const topic = prefix + stateTopic(task.stage);
  const range = (await transport.ranges(topic)).find(({ partition }) => partition === task.partition);
  let stamp: ReadonlyMap<string, number> = new Map();
  if (range === undefined || range.high === range.low) return stamp;
  let chunk: TopicRecord[] = [];
  let bytes = 0;
  for await (const records of transport.read(topic, task.partition, range.low, { to: range.high })) {
    for (const record of records) {
      if (record.key === null) continue;
      if (STAMP_KEY.equals(record.key)) {
        stamp = parseStamp(record.value ?? new Uint8Array(0), task);
        continue;
      }
      chunk.push(record);
      bytes += record.value?.length ?? 0;
      if (bytes < chunkBytes) continue;
      await restore(chunk);
      chunk = [];
      bytes = 0;
    }
  }
  if (chunk.length > 0) await restore(chunk);
  return stamp;
}

/** Builds the stamp record that goes with a checkpoint’s pages, in the same write. */
export function stampRecord(
  prefix: string,
  task: TaskAddress,
  positions: ReadonlyMap<string, number>,
): OutboundRecord {
  return {
    topic: prefix + stateTopic(task.stage),
    partition: task.partition,
    key: STAMP_KEY,
    value: Buffer.from(JSON.stringify(Object.fromEntries(positions))),
    headers: NO_HEADERS,
    timestampMs: 0,
  };
}

function parseStamp(value: Uint8Array, task: TaskAddress): ReadonlyMap<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(Buffer.from(value).toString()) as Record<string, number>));
  } catch (cause) {
    throw new PipelineError('STATE_LAYOUT', `stamp of ${task.stage}/${task.partition}`, { cause });
  }
}
