import { CanonicalBytes } from './canonical-bytes.ts';

/** Shards of the series space, for ever. */
export const shardTotal = 4096;

/** A label as name and value. */
export type LabelPair = readonly [name: string, value: string];

/** Who a series is and where it lives. `seriesLow` and `seriesHigh` are the halves of `seriesId` as u32. */
export interface SeriesIdentity {
  /** 8 bytes, big-endian. */
  readonly seriesId: Uint8Array;
  /** 8 bytes, big-endian. */
  readonly entityId: Uint8Array;
  readonly seriesLow: number;
  readonly seriesHigh: number;
  readonly shard: number;
}

/** Labels that name an entity unless something else is configured; the first present one wins. */
export const defaultEntityLabels: readonly string[] = [
  'service.instance.id',
  'pod',
  'instance',
  'host',
  'service',
];

/** Seeds keep the kinds of hash apart: the same bytes give unrelated ids. They are part of every id, for ever. */
const SERIES_SEED = 0n;
const ENTITY_SEED = 1n;
const GROUP_SEED = 2n;
const LONG_ID_SEEDS = [3n, 4n] as const;

const ID_BYTES = 8;
const parts = new CanonicalBytes();
const groupHash = new Uint8Array(ID_BYTES);

/** Computes who a series is. */
export interface Identity {
  /**
   * Gives the identity of a series.
   *
   * Labels may come in any order; whoever calls it has refused duplicates and removed empty values.
   *
   * Cost: about 1 µs with five labels, already sorted (measured on a busy machine); one BigInt per hash.
   */
  of(tenant: string, name: string, labels: readonly LabelPair[]): SeriesIdentity;
}

/** What an identity depends on, for ever: another list of labels moves series to other shards. */
export interface IdentityOptions {
  /** Names of labels that can name an entity, first present wins. */
  readonly entityLabels?: readonly string[];
}

/**
 * Makes the function behind all ids of series and entities: XXH64 over a canonical byte form (`CanonicalBytes`).
 *
 * A series is tenant, name, then every label name and value in code-unit order of the names. An entity is tenant, label
 * name and label value of the first entity label that the series has with a value; without any, the series itself.
 */
export function createIdentity({
  entityLabels = defaultEntityLabels,
}: IdentityOptions = {}): Identity {
  return {
    of(tenant, name, labels) {
      const ids = new Uint8Array(2 * ID_BYTES);
      writeSeriesId(tenant, name, labels, ids);
      writeEntityId(tenant, labels, entityLabels, ids);
      return {
        seriesId: ids.subarray(0, ID_BYTES),
        entityId: ids.subarray(ID_BYTES),
        seriesLow: idLow(ids, 0),
        seriesHigh: idHigh(ids, 0),
        shard: shardOf(ids, ID_BYTES),
      };
    },
  };
}

function writeSeriesId(
  tenant: string,
  name: string,
  labels: readonly LabelPair[],
  ids: Uint8Array,
): void {
  parts.reset();
  parts.text(tenant);
  parts.text(name);
  for (const [label, value] of sorted(labels)) {
    parts.text(label);
    parts.text(value);
  }
  parts.digest(SERIES_SEED, ids, 0);
}

function writeEntityId(
  tenant: string,
  labels: readonly LabelPair[],
  entityLabels: readonly string[],
  ids: Uint8Array,
): void {
  for (const label of entityLabels) {
    const value = valueOfLabel(labels, label);
    if (value === '') continue;
    digestEntity(tenant, label, value, ids, ID_BYTES);
    return;
  }
  ids.copyWithin(ID_BYTES, 0, ID_BYTES);
}

/** Returns the 8-byte id of the entity that a label names. */
export function entityIdOf(tenant: string, label: string, value: string): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  digestEntity(tenant, label, value, id, 0);
  return id;
}

function digestEntity(
  tenant: string,
  label: string,
  value: string,
  ids: Uint8Array,
  at: number,
): void {
  parts.reset();
  parts.text(tenant);
  parts.text(label);
  parts.text(value);
  parts.digest(ENTITY_SEED, ids, at);
}

function valueOfLabel(labels: readonly LabelPair[], name: string): string {
  for (const [label, value] of labels) if (label === name) return value;
  return '';
}

/** Returns the low half of an 8-byte id at `at`, as u32. */
export function idLow(ids: Uint8Array, at: number): number {
  return readU32(ids, at + 4);
}

/** Returns the high half of an 8-byte id at `at`, as u32. */
export function idHigh(ids: Uint8Array, at: number): number {
  return readU32(ids, at);
}

/** Writes an id of two u32 halves, 8 bytes from `at`; `idLow` and `idHigh` read it. */
export function writeId(ids: Uint8Array, at: number, low: number, high: number): void {
  for (let i = 0; i < 4; i++) {
    ids[at + i] = high >>> (24 - 8 * i);
    ids[at + 4 + i] = low >>> (24 - 8 * i);
  }
}

/** Returns the shard of the entity id at `at`: its low 12 bits. */
export function shardOf(ids: Uint8Array, at = 0): number {
  return idLow(ids, at) & (shardTotal - 1);
}

/** Returns the partition of a shard; `partitions` is a power of two up to 4096. */
export function partitionOfShard(shard: number, partitions: number): number {
  return shard & (partitions - 1);
}

/**
 * Returns the partition of the signals of a tenant, or of one of its groups.
 *
 * @param values of the tenant’s `correlateBy` labels, absent ones empty; nothing when it has none.
 */
export function partitionOfText(
  tenant: string,
  partitions: number,
  values: readonly string[] = [],
): number {
  parts.reset();
  parts.text(tenant);
  for (const value of values) parts.text(value);
  parts.digest(GROUP_SEED, groupHash, 0);
  return partitionOfShard(shardOf(groupHash), partitions);
}

/** Returns the 16-byte id of a list of texts and bytes: XXH64 twice, with different seeds. */
export function longId(...members: readonly (string | Uint8Array)[]): Uint8Array {
  parts.reset();
  for (const member of members) {
    if (typeof member === 'string') parts.text(member);
    else parts.bytes(member);
  }
  const id = new Uint8Array(2 * ID_BYTES);
  parts.digest(LONG_ID_SEEDS[0], id, 0);
  parts.digest(LONG_ID_SEEDS[1], id, ID_BYTES);
  return id;
}

function sorted(labels: readonly LabelPair[]): readonly LabelPair[] {
  for (let i = 1; i < labels.length; i++) {
    if ((labels[i - 1]?.[0] ?? '') > (labels[i]?.[0] ?? '')) {
      return labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
    }
  }
  return labels;
}

function readU32(ids: Uint8Array, at: number): number {
  const high = ((ids[at] ?? 0) << 24) | ((ids[at + 1] ?? 0) << 16);
  return (high | ((ids[at + 2] ?? 0) << 8) | (ids[at + 3] ?? 0)) >>> 0;
}
