import type { SlotWriter } from './slot.ts';
import type { FetchedRecord, TopicRecord } from './transport.ts';

/** Largest input of one kernel call; a single larger record still goes, alone. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

/** What waits for a task’s kernel: records of a topic by its number in the stage, or the wish for a checkpoint or a part of one. */
export type TaskItem =
  | {
      readonly kind: 'records';
      readonly topic: number;
      readonly records: readonly FetchedRecord[];
      readonly bytes: number;
      readonly replay: boolean;
    }
  | {
      readonly kind: 'broadcast';
      readonly topic: number;
      /** Partition that they come from. */
      readonly partition: number;
      readonly records: readonly TopicRecord[];
      readonly bytes: number;
    }
  | {
      readonly kind: 'checkpoint';
      /** Whether only a part is taken out, and records are processed before the next. */
      readonly spread: boolean;
      readonly bytes: 0;
    };

/** A checkpoint goes alone; replayed and fresh records never share a call; a call stays below its size limit. */
export function takeCall(waiting: readonly TaskItem[]): number {
  const [first] = waiting;
  if (first === undefined || first.kind === 'checkpoint') return 1;
  let bytes = first.bytes;
  let count = 1;
  for (; count < waiting.length; count++) {
    const item = waiting[count];
    if (item === undefined || item.kind === 'checkpoint') break;
    if (isReplay(item) !== isReplay(first)) break;
    bytes += item.bytes;
    if (bytes > MAX_CALL_BYTES) break;
  }
  return count;
}

/** Whether an item only rebuilds state: its outputs were acknowledged before. */
export function isReplay(item: TaskItem): boolean {
  return item.kind === 'records' && item.replay;
}

/** Puts the records of a call into its slot, in order. */
export function packCall(slot: SlotWriter, partition: number, items: readonly TaskItem[]): void {
  for (const item of items) {
    if (item.kind === 'records') {
      for (const record of item.records) slot.append(item.topic, partition, record.offset, record);
    } else if (item.kind === 'broadcast') {
      for (const record of item.records)
        slot.append(item.topic, item.partition, offsetOf(record), record);
    }
  }
}

/** A local topic’s records have no offset. */
function offsetOf(record: TopicRecord | FetchedRecord): number {
  return 'offset' in record ? record.offset : 0;
}

/** Cuts what one fetch brought, so that a call stays below its limit. */
export function* chunks(
  records: readonly FetchedRecord[],
): Generator<{ records: readonly FetchedRecord[]; bytes: number }> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < records.length; i++) {
    const next = size(records.slice(i, i + 1));
    if (i > start && bytes + next > MAX_CALL_BYTES) {
      yield { records: records.slice(start, i), bytes };
      start = i;
      bytes = 0;
    }
    bytes += next;
  }
  if (start < records.length) yield { records: records.slice(start), bytes };
}

/** Bytes that the records take in a slot, headers and padding estimated. */
export function size(records: readonly TopicRecord[]): number {
  let bytes = 0;
  for (const { key, value } of records) bytes += 256 + (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
}
