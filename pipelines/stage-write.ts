import type { TaskResult } from '../runtime/task.ts';
import type { PartitionOffset } from '../runtime/transport.ts';

/** Most output bytes that one write takes from the results waiting for it. */
const MAX_WRITE_BYTES = 8 * 1024 * 1024;

/**
 * Says how many of the waiting results the next write takes.
 *
 * A checkpoint goes alone, after the outputs it includes; a write stays below its size limit.
 */
export function takeWrite(waiting: readonly TaskResult[]): number {
  const [first] = waiting;
  if (first === undefined || first.kind === 'checkpoint') return 1;
  let bytes = 0;
  let count = 0;
  for (const result of waiting) {
    if (result.kind === 'checkpoint') break;
    bytes += result.answer.bytes;
    if (count > 0 && bytes > MAX_WRITE_BYTES) break;
    count += 1;
  }
  return count;
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
