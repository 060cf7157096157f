import { DEAD_LETTER_TOPIC } from '../runtime/dead-letter.ts';
import { SlotReader } from '../runtime/slot.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import type { TaskResult } from '../runtime/task.ts';
import type { OutboundRecord, PartitionOffset, RecordHeaders } from '../runtime/transport.ts';

/** Most output bytes that one write takes from the results waiting for it. */
const MAX_WRITE_BYTES = 8 * 1024 * 1024;

/**
 * Says how many of the waiting results the next write takes.
 *
 * A checkpoint, or a part of one, goes alone, after the outputs it includes; a write stays below its size limit.
 */
export function takeWrite(waiting: readonly TaskResult[]): number {
  const [first] = waiting;
  if (first === undefined || isState(first)) return 1;
  let bytes = 0;
  let count = 0;
  for (const result of waiting) {
    if (isState(result)) break;
    bytes += result.answer.bytes;
    if (count > 0 && bytes > MAX_WRITE_BYTES) break;
    count += 1;
  }
  return count;
}

/** Whether a result is changed state, and not outputs. */
export function isState({ kind }: Pick<TaskResult, 'kind'>): boolean {
  return kind === 'checkpoint' || kind === 'part';
}

/**
 * Gives the records that a kernel made, without copying their bytes, or those that save a checkpoint or a part of one.
 *
 * @param added headers that outputs get besides their own, which win.
 */
export function outboundRecords(
  { outputs }: StageSpec,
  prefix: string,
  result: TaskResult,
  added: RecordHeaders | undefined,
): OutboundRecord[] {
  if (isState(result)) return result.task.stateRecords(result);
  const names = [...outputs, DEAD_LETTER_TOPIC];
  const records: OutboundRecord[] = [];
  const slot = new SlotReader(result.output, result.answer.bytes);
  while (slot.next()) {
    const { partition, key, value, timestampMs } = slot;
    records.push({
      topic: prefix + (names[slot.topic] ?? ''),
      partition,
      key,
      value,
      headers: added === undefined ? slot.headers : { ...added, ...slot.headers },
      timestampMs,
    });
  }
  return records;
}

/** Picks the newest offset of each partition among the results. */
export function latestOffsets(results: readonly TaskResult[]): PartitionOffset[] {
  const latest = new Map<string, PartitionOffset>();
  for (const result of results) {
    for (const commit of result.task.commits(result))
      latest.set(`${commit.topic}/${commit.partition}`, commit);
  }
  return [...latest.values()];
}
