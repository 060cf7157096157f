import { SlotReader } from '../slot.ts';
import type { FetchedRecord } from '../transport.ts';

/** Records of one partition in offset order, and the bytes that they keep in memory. */
export interface RecordRun {
  readonly id: number;
  readonly records: readonly FetchedRecord[];
  readonly bytes: number;
}

/**
 * Copies the records of a slot out, so that the slot can be used again: one run per partition id.
 *
 * With `bases`, the first record of a partition gets that offset and the others follow; without, entries name theirs.
 * All records are views of one copy, which lives as long as any of them.
 */
export function slotRecords(
  slot: SharedArrayBuffer,
  byteLength: number,
  bases?: readonly (readonly [id: number, base: number])[],
): RecordRun[] {
  const copy = new ArrayBuffer(byteLength);
  new Uint8Array(copy).set(new Uint8Array(slot, 0, byteLength));
  const next = bases === undefined ? undefined : new Map(bases);
  const runs = new Map<number, { id: number; records: FetchedRecord[]; bytes: number }>();
  const entry = new SlotReader(copy, byteLength);
  while (entry.next()) {
    const id = entry.partition;
    let run = runs.get(id);
    if (run === undefined) {
      run = { id, records: [], bytes: 0 };
      runs.set(id, run);
    }
    const offset = next === undefined ? entry.offset : (next.get(id) ?? 0) + run.records.length;
    const { key, value, headers, timestampMs } = entry;
    run.records.push({ offset, key, value, headers, timestampMs });
    run.bytes += recordBytes(key, value) + entry.headerBytes.length;
  }
  return [...runs.values()];
}

/** Offsets behind the last record of each partition id of a slot, whose records follow on `bases`. */
export function slotEnds(
  slot: SharedArrayBuffer,
  byteLength: number,
  bases: readonly (readonly [id: number, base: number])[],
): ReadonlyMap<number, number> {
  const ends = new Map(bases);
  const entry = new SlotReader(slot, byteLength);
  while (entry.next()) ends.set(entry.partition, (ends.get(entry.partition) ?? 0) + 1);
  return ends;
}

/** Bytes of a record as read-ahead and caches count them: key, value and a fixed cost for the rest. */
export function recordBytes(key: Uint8Array | null, value: Uint8Array | null): number {
  return 256 + (key?.length ?? 0) + (value?.length ?? 0);
}
