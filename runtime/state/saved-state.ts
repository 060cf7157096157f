import type { FetchedRecord, PartitionRange, TopicRecord, Transport } from '../transport.ts';
import { EntrySides } from './entry-sides.ts';
import {
  isStamp,
  readSide,
  readSideKey,
  readStamp,
  type SavedSide,
  type Stamp,
} from './state-record.ts';

/** Entries that are handed on together, and the offset behind the record that the last of them came with. */
interface Chunk {
  readonly entries: readonly TopicRecord[];
  readonly next: number;
}

/** How far before the end the newest stamp is looked for, in turn, before the whole topic is. */
const STAMP_PROBES = [1, 64, 4096];

/** Where saved state is read from. */
export interface SavedStateSource {
  readonly transport: Pick<Transport, 'ranges' | 'read'>;
  /** The state topic, full name. */
  readonly topic: string;
  readonly partition: number;
  /** Entries are handed on in chunks of about this size. */
  readonly chunkBytes: number;
}

/** Takes in entries, newest last; a null value removes one. */
export type HandEntries = (entries: readonly TopicRecord[]) => Promise<void>;

/**
 * Reads a task’s saved state from its topic: what is there, and then, as often as asked, what has come since.
 *
 * Only what a stamp covers is handed on. What a checkpoint has written so far waits for its stamp. When that never
 * comes, a crash has cut the checkpoint off: its records are removed by the next owner, and its number stands in later
 * stamps for as long as such records may be found, since a topic is compacted when its broker thinks fit.
 */
export class SavedState {
  readonly #source: SavedStateSource;
  /** Side with the last complete version, by entry key (binary text). */
  readonly sides = new EntrySides();
  /** Entries whose last complete version says that they were removed; their records can go. */
  readonly removed = new Set<string>();
  /** Sides written by checkpoints without a stamp so far, by name and side, oldest first. */
  readonly #unstamped = new Map<string, SavedSide>();
  /** Checkpoints without a stamp so far, of which a record was met. */
  readonly #open = new Set<number>();
  /** Checkpoints that a crash cut off, as the newest stamp has them, and those whose records were met. */
  #torn: ReadonlySet<number> = new Set();
  readonly #met = new Set<number>();
  #stamp: Stamp | undefined;
  #newest = 0;
  #position: number | undefined;
  #end = 0;
  #records = 0;

  constructor(source: SavedStateSource) {
    this.#source = source;
  }

  /** Number of the newest checkpoint of which there is any record. */
  get newest(): number {
    return this.#newest;
  }

  /** Next input offset, per topic, that the state includes; empty without a complete checkpoint. */
  get positions(): ReadonlyMap<string, number> {
    return new Map(Object.entries(this.#stamp?.positions ?? {}));
  }

  /** Sides that no stamp covers. */
  get unstamped(): Iterable<SavedSide> {
    return this.#unstamped.values();
  }

  /** Checkpoints of which there may be records and will never be a stamp, if nobody else writes any more. */
  get torn(): readonly number[] {
    const known = [...this.#torn].filter((checkpoint) => this.#met.has(checkpoint));
    return [...new Set([...known, ...this.#open])].sort((a, b) => a - b);
  }

  /** Records of the topic read so far, those of compaction’s gaps not counted. */
  get recordsRead(): number {
    return this.#records;
  }

  /** Offsets between what was taken in and the end of the topic as of the last look. */
  get behind(): number {
    return this.#end - (this.#position ?? 0);
  }

  /**
   * Reads on to the end of the topic and hands on what stamps cover, one chunk while the next is read.
   *
   * @param range the topic’s range for this partition, where it is known already.
   */
  async catchUp(hand: HandEntries, range?: PartitionRange): Promise<void> {
    const { low, high } = range ?? (await this.#range());
    this.#end = Math.max(this.#end, high);
    if (this.#position === undefined) {
      const stamp = await this.#newestStamp(low, high);
      if (stamp !== undefined) for (const _ of this.#cover(stamp)); // Nothing waits for it yet.
      this.#position = low;
    }
    let handing: Promise<void> | undefined;
    for await (const chunk of this.#chunks(this.#position, high)) {
      await handing;
      handing = hand(chunk.entries).then(() => {
        this.#position = chunk.next;
      });
      // Should reading fail first, that is the fault to tell of.
      handing.catch(() => undefined);
    }
    await handing;
    this.#position = Math.max(this.#position, high);
  }

  async *#chunks(from: number, to: number): AsyncIterable<Chunk> {
    let entries: TopicRecord[] = [];
    let bytes = 0;
    for await (const record of this.#read(from, to)) {
      this.#records += 1;
      for (const entry of this.#take(record)) {
        entries.push(entry);
        bytes += 128 + (entry.value?.length ?? 0);
      }
      if (bytes < this.#source.chunkBytes) continue;
      yield { entries, next: record.offset + 1 };
      entries = [];
      bytes = 0;
    }
    if (entries.length > 0) yield { entries, next: to };
  }

  *#take(record: FetchedRecord): Iterable<TopicRecord> {
    const { key, value } = record;
    if (key === null) return;
    if (isStamp(record)) {
      if (value !== null) yield* this.#cover(this.#parse(value));
      return;
    }
    const purged = readSideKey(key);
    const id = idOf(purged);
    this.#unstamped.delete(id);
    if (value === null) return this.#purge(purged);
    const saved = readSide(record);
    this.#newest = Math.max(this.#newest, saved.checkpoint);
    if (this.#torn.has(saved.checkpoint)) this.#met.add(saved.checkpoint);
    else if (saved.checkpoint <= (this.#stamp?.checkpoint ?? 0)) yield this.#complete(saved);
    else {
      this.#open.add(saved.checkpoint);
      this.#unstamped.set(id, saved);
    }
  }

  /** A stamp makes complete what was written before it, but for what a crash had cut off. */
  *#cover(stamp: Stamp): Iterable<TopicRecord> {
    if (stamp.checkpoint <= (this.#stamp?.checkpoint ?? 0)) return;
    this.#stamp = stamp;
    this.#newest = Math.max(this.#newest, stamp.checkpoint);
    this.#torn = new Set(stamp.torn);
    for (const checkpoint of this.#open) {
      if (checkpoint > stamp.checkpoint) continue;
      this.#open.delete(checkpoint);
      if (this.#torn.has(checkpoint)) this.#met.add(checkpoint);
    }
    for (const [id, saved] of this.#unstamped) {
      if (saved.checkpoint > stamp.checkpoint) continue;
      this.#unstamped.delete(id);
      if (!this.#torn.has(saved.checkpoint)) yield this.#complete(saved);
    }
  }

  #complete({ name, side, value }: SavedSide): TopicRecord {
    this.sides.set(name, side);
    if (value === null) this.removed.add(name);
    else this.removed.delete(name);
    return { key: Buffer.from(name, 'latin1'), value, headers: {}, timestampMs: 0 };
  }

  /** The side that says "removed" goes last; with it nothing is left of the entry. */
  #purge({ name, side }: Pick<SavedSide, 'name' | 'side'>): void {
    if (!this.removed.has(name) || this.sides.get(name) !== side) return;
    this.sides.delete(name);
    this.removed.delete(name);
  }

  async #newestStamp(low: number, high: number): Promise<Stamp | undefined> {
    for (const back of [...STAMP_PROBES, high - low]) {
      let found: Stamp | undefined;
      for await (const record of this.#read(Math.max(low, high - back), high)) {
        if (isStamp(record) && record.value !== null) found = this.#parse(record.value);
      }
      if (found !== undefined || high - back <= low) return found;
    }
    return undefined;
  }

  async #range(): Promise<PartitionRange> {
    const { transport, topic, partition } = this.#source;
    const ranges = await transport.ranges(topic);
    return ranges.find((range) => range.partition === partition) ?? { partition, low: 0, high: 0 };
  }

  async *#read(from: number, to: number): AsyncIterable<FetchedRecord> {
    if (from >= to) return;
    const { transport, topic, partition } = this.#source;
    for await (const records of transport.read(topic, partition, from, { to })) yield* records;
  }

  #parse(value: Uint8Array): Stamp {
    const { topic, partition } = this.#source;
    return readStamp(value, `${topic}/${partition}`);
  }
}

function idOf({ name, side }: Pick<SavedSide, 'name' | 'side'>): string {
  return `${side}${name}`;
}
