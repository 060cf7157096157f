import { PipelineError } from '../errors.ts';
import type { FetchedRecord, RecordHeaders, TopicRecord } from '../transport.ts';

/** Key of the record that ends a checkpoint. */
const STAMP_KEY = Buffer.from('~stamp');
/** Last byte of an entry’s key: the character `a` or `b`. */
const SIDE_BASE = 97;
const NO_HEADERS: RecordHeaders = Object.freeze({});

/** The end of a checkpoint, without which it does not count. */
export interface Stamp {
  /** Number of the checkpoint; each is greater than those before it. */
  readonly checkpoint: number;
  /** Next input offset per topic (full name) that the state includes. */
  readonly positions: Readonly<Record<string, number>>;
  /** Earlier checkpoints that a crash cut off, as far as records of them may still be there. */
  readonly torn?: readonly number[];
}

/** One side of an entry, as a checkpoint wrote it. */
export interface SavedSide {
  /** The entry’s own key (binary text). */
  readonly name: string;
  /** 0 or 1: which of the entry’s two keys on the topic. */
  readonly side: number;
  readonly checkpoint: number;
  /** Null says that the entry was removed. */
  readonly value: Uint8Array | null;
}

/** Says whether a record of a state topic is a stamp. */
export function isStamp({ key }: Pick<TopicRecord, 'key'>): boolean {
  return key !== null && STAMP_KEY.equals(key);
}

/** Reads a stamp. @throws PipelineError `STATE_LAYOUT` (fate: stop). */
export function readStamp(value: Uint8Array, where: string): Stamp {
  try {
    return JSON.parse(Buffer.from(value).toString()) as Stamp;
  } catch (cause) {
    throw new PipelineError('STATE_LAYOUT', `stamp of ${where}`, { cause });
  }
}

/** Key and value of a stamp. */
export function stampRecord(stamp: Stamp): Omit<TopicRecord, 'timestampMs'> {
  return { key: STAMP_KEY, value: Buffer.from(JSON.stringify(stamp)), headers: NO_HEADERS };
}

/** Takes the key of an entry’s record apart; a record without value is one that was purged. */
export function readSideKey(key: Uint8Array): Pick<SavedSide, 'name' | 'side'> {
  const text = Buffer.from(key).toString('latin1');
  return { name: text.slice(0, -1), side: text.charCodeAt(text.length - 1) - SIDE_BASE };
}

/** Reads the record of an entry. */
export function readSide({ key, value, headers }: FetchedRecord): SavedSide {
  const checkpoint = Number(Buffer.from(headers.checkpoint ?? []).toString());
  const removed = headers.deleted !== undefined;
  return { ...readSideKey(key ?? Buffer.alloc(0)), checkpoint, value: removed ? null : value };
}

/** Key, value and headers of one side of an entry. */
export function sideRecord(saved: SavedSide): Omit<TopicRecord, 'timestampMs'> {
  const checkpoint = Buffer.from(String(saved.checkpoint));
  const headers: RecordHeaders =
    saved.value === null ? { checkpoint, deleted: Buffer.from('1') } : { checkpoint };
  return { key: sideKey(saved), value: saved.value ?? new Uint8Array(0), headers };
}

/** A record that purges one side of an entry from the topic. */
export function purgeRecord(
  of: Pick<SavedSide, 'name' | 'side'>,
): Omit<TopicRecord, 'timestampMs'> {
  return { key: sideKey(of), value: null, headers: NO_HEADERS };
}

function sideKey({ name, side }: Pick<SavedSide, 'name' | 'side'>): Uint8Array {
  return Buffer.from(name + String.fromCharCode(SIDE_BASE + side), 'latin1');
}
