import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SlotReader, SlotWriter } from '../slot.ts';
import type { TopicSpec } from '../transport.ts';

/** What a record costs beside its key, headers and value: offset, two timestamps and SQLite’s own lengths. */
const RECORD_OVERHEAD_BYTES = 32;

/** What of a partition a transaction may change, to be put back when it fails. */
export interface PartitionMark {
  readonly low: number;
  readonly high: number;
  readonly bytes: number;
  readonly headWrittenMs: number | undefined;
  readonly tombstoneWrittenMs: number | undefined;
}

/** What one bite of truncation took. */
export interface Bite {
  readonly records: number;
  readonly bytes: number;
}

type ScanRow = [
  offset: number,
  timestampMs: number,
  key: Uint8Array | null,
  headers: Uint8Array | null,
  value: Uint8Array | null,
];
type HeadRow = [offset: number, writtenMs: number, bytes: number];

const NO_BYTES = new Uint8Array(0);

/**
 * One partition’s table in the log thread: its statements, and its offsets and sizes in memory.
 *
 * Runs inside the caller’s transaction; `mark` before it and `restore` after a rollback.
 */
export class LogPartition {
  readonly id: number;
  readonly number: number;
  readonly topic: string;
  spec: TopicSpec;
  #low: number;
  #high: number;
  #bytes: number;
  /** When the oldest record was written; undefined: not known yet. Infinity: there is none. */
  #headWrittenMs: number | undefined;
  #tombstoneWrittenMs: number | undefined;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(
    database: DatabaseSync,
    spec: TopicSpec,
    row: { id: number; number: number } & PartitionMarkRow,
  ) {
    this.#database = database;
    this.id = row.id;
    this.number = row.number;
    this.topic = spec.name;
    this.spec = spec;
    this.#low = row.low;
    this.#high = row.high;
    this.#bytes = row.bytes;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  /** Bytes of the readable records of a `delete` partition; not kept for a compact one. */
  get bytes(): number {
    return this.#bytes;
  }

  get isCompact(): boolean {
    return this.spec.cleanup === 'compact';
  }

  mark(): PartitionMark {
    return {
      low: this.#low,
      high: this.#high,
      bytes: this.#bytes,
      headWrittenMs: this.#headWrittenMs,
      tombstoneWrittenMs: this.#tombstoneWrittenMs,
    };
  }

  restore(mark: PartitionMark): void {
    this.#low = mark.low;
    this.#high = mark.high;
    this.#bytes = mark.bytes;
    this.#headWrittenMs = mark.headWrittenMs;
    this.#tombstoneWrittenMs = mark.tombstoneWrittenMs;
  }

  /** Appends the slot’s current record at the next offset; in a compact partition the key’s older record goes. */
  append(record: SlotReader, writtenMs: number): void {
    const { key, value, headerBytes } = record;
    const headers = headerBytes.length === 0 ? null : headerBytes;
    const verb = this.isCompact ? 'INSERT OR REPLACE' : 'INSERT';
    this.#prepare(`${verb} INTO records_${this.id} VALUES (?, ?, ?, ?, ?, ?)`).run(
      this.#high,
      writtenMs,
      record.timestampMs,
      key,
      headers,
      value,
    );
    this.#high += 1;
    if (this.isCompact) {
      if (value === null)
        this.#tombstoneWrittenMs = Math.min(this.#tombstoneWrittenMs ?? writtenMs, writtenMs);
      return;
    }
    this.#bytes +=
      RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes.length;
    if (this.#headWrittenMs === Infinity) this.#headWrittenMs = writtenMs;
  }

  /**
   * Copies records of `[from, to)` into the slot, up to `maxRecords` or until it holds `maxBytes`, at least one if there
   * is one, and returns where to go on: past a gap, where compaction left nothing up to `to`.
   */
  read(
    writer: SlotWriter,
    range: { from: number; to: number; maxBytes: number; maxRecords: number },
  ): number {
    const to = Math.min(range.to, this.#high);
    const scan = this.#prepare(`
      SELECT offset, timestamp_ms, key, headers, value FROM records_${this.id}
      WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?`);
    for (const row of scan.iterate(range.from, to, range.maxRecords)) {
      const [offset, timestampMs, key, headers, value] = row as unknown as ScanRow;
      writer.appendEncoded(0, this.id, offset, {
        key,
        value,
        timestampMs,
        headerBytes: headers ?? NO_BYTES,
      });
      if (writer.byteLength >= range.maxBytes || writer.count === range.maxRecords)
        return offset + 1;
    }
    return Math.max(range.from, to);
  }

  /** When the oldest readable record was written, Infinity when there is none. */
  headWrittenMs(): number {
    if (this.#headWrittenMs === undefined) {
      const row = this.#prepare(
        `SELECT written_ms FROM records_${this.id} ORDER BY offset LIMIT 1`,
      ).get() as [number] | undefined;
      this.#headWrittenMs = row?.[0] ?? Infinity;
    }
    return this.#headWrittenMs;
  }

  /** Removes the oldest records as long as `goes` says so, `limit` at most; the lowest readable offset moves up. */
  removeOldest(limit: number, goes: (writtenMs: number, removedBytes: number) => boolean): Bite {
    const head = this.#prepare(`
      SELECT offset, written_ms,
        ifnull(length(key), 0) + ifnull(length(headers), 0) + ifnull(length(value), 0) + ${RECORD_OVERHEAD_BYTES}
      FROM records_${this.id} ORDER BY offset LIMIT ?`);
    let low = this.#low;
    let bytes = 0;
    let headWrittenMs: number | undefined;
    for (const row of head.iterate(limit)) {
      const [offset, writtenMs, size] = row as unknown as HeadRow;
      if (!goes(writtenMs, bytes)) {
        headWrittenMs = writtenMs;
        break;
      }
      low = offset + 1;
      bytes += size;
    }
    const records = low - this.#low;
    if (records === 0) return { records, bytes };
    this.#prepare(`DELETE FROM records_${this.id} WHERE offset < ?`).run(low);
    this.#low = low;
    this.#bytes = low === this.#high ? 0 : this.#bytes - bytes;
    this.#headWrittenMs = headWrittenMs;
    return { records, bytes };
  }

  /** When the oldest tombstone of a compact partition was written, Infinity when there is none. */
  tombstoneWrittenMs(): number {
    if (this.#tombstoneWrittenMs === undefined) {
      const row = this.#prepare(
        `SELECT min(written_ms) FROM records_${this.id} WHERE value IS NULL`,
      ).get() as [number | null] | undefined;
      this.#tombstoneWrittenMs = row?.[0] ?? Infinity;
    }
    return this.#tombstoneWrittenMs;
  }

  /** Removes tombstones of a compact partition written before a time, `limit` at most. */
  removeTombstones(beforeMs: number, limit: number): void {
    this.#prepare(`
      DELETE FROM records_${this.id} WHERE offset IN
        (SELECT offset FROM records_${this.id} WHERE value IS NULL AND written_ms < ? LIMIT ?)`).run(
      beforeMs,
      limit,
    );
    this.#tombstoneWrittenMs = undefined;
  }

  /** Stores offsets and size in the partition’s row. */
  save(): void {
    this.#database
      .prepare('UPDATE partitions SET low = ?, high = ?, bytes = ? WHERE id = ?')
      .run(this.#low, this.#high, this.#bytes, this.id);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

interface PartitionMarkRow {
  readonly low: number;
  readonly high: number;
  readonly bytes: number;
}
