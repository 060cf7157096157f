import type { FetchedPartition } from './client.ts';
import { errorOfCode } from './error-of-code.ts';
import type { AbortedTransaction, FetchedBatches, StoredBatch } from './wire-node.ts';

/** Second number in the key of a control record: a transaction ends there, aborted. */
const abortMarker = 0;

/**
 * Gives the records of stored batches that a reader of committed records sees.
 *
 * Where a batch ends counts even when compaction or a transaction left nothing in it; otherwise a reader would stand
 * still before it for ever.
 *
 * @param from the offset asked for; earlier records of a batch are left out.
 */
export function toFetchedPartition(fetched: FetchedBatches, from: number): FetchedPartition {
  const { topic, partition, stableEnd, batches, aborted } = fetched;
  const error = errorOfCode(fetched.code, { api: 'Fetch', topic, partition });
  const place = { topic, partition, high: stableEnd };
  if (error !== undefined) return { ...place, error, records: [], nextOffset: from };
  const records = visible(batches, aborted)
    .flatMap((batch) => batch.records)
    .filter(({ offset }) => offset >= from);
  return { ...place, records, nextOffset: Math.max(batches.at(-1)?.endOffset ?? from, from) };
}

/** Leaves out the marks of transactions and the batches of those that were aborted. */
function visible(
  batches: readonly StoredBatch[],
  aborted: readonly AbortedTransaction[],
): readonly StoredBatch[] {
  const ahead = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  return batches.filter(({ endOffset, producerId, transactional, control, records }) => {
    while (ahead[0] !== undefined && ahead[0].firstOffset < endOffset) {
      open.add(ahead[0].producerId);
      ahead.shift();
    }
    if (control) {
      const key = records[0]?.key ?? undefined;
      if (key !== undefined && isAbort(key)) open.delete(producerId);
      return false;
    }
    return !transactional || !open.has(producerId);
  });
}

function isAbort(key: Uint8Array): boolean {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getInt16(2) === abortMarker;
}
