import type { GroupMemberMetadata } from './client.ts';
import type { Claim, Part } from './group-share.ts';

/** The name our members give their way of sharing partitions; members with another name cannot join the group. */
export const groupProtocol = 'vigie-co-partition';

const version = 0;

/**
 * Encodes what a member tells the leader, in Kafka’s consumer protocol: version, topics, then our own bytes (what it
 * holds and stands by for, as JSON).
 */
export function encodeClaim(topics: readonly string[], claim: Omit<Claim, 'memberId'>): Uint8Array {
  const { owned, generation, standbys, leaving } = claim;
  const own = json({ owned, generation, standbys, leaving });
  return Buffer.concat([int16(version), array(topics, string), int32(own.length), own]);
}

/** Decodes what a member told; bytes of another make give an empty claim. */
export function decodeClaim({ memberId, metadata }: GroupMemberMetadata): Claim {
  const nothing = { memberId, owned: [], generation: -1 };
  try {
    const bytes = Buffer.from(metadata);
    let at = 6;
    for (let left = bytes.readInt32BE(2); left > 0; left -= 1) at += 2 + bytes.readInt16BE(at);
    const { owned, generation, standbys, leaving } = parse<Claim>(bytes, at);
    if (!isNumbers(owned)) return nothing;
    return {
      memberId,
      owned,
      generation: Number(generation ?? -1),
      ...(isNumbers(standbys) ? { standbys } : {}),
      ...(leaving === true ? { leaving } : {}),
    };
  } catch {
    return nothing;
  }
}

/** Encodes a member’s part: its partition numbers of each topic that has them, then our own bytes. */
export function encodePart(part: Part, counts: ReadonlyMap<string, number>): Uint8Array {
  const topics = [...counts].map(([topic, count]) => {
    const own = part.partitions.filter((partition) => partition < count);
    return Buffer.concat([string(topic), array(own, int32)]);
  });
  const { standbys, awaiting, settling } = part;
  const own = json({ standbys, awaiting, settling });
  return Buffer.concat([int16(version), array(topics, (bytes) => bytes), int32(own.length), own]);
}

/** Decodes a member’s part, partition numbers ascending; no bytes, or none of ours, mean nothing. */
export function decodePart(assignment: Uint8Array): Part {
  const nothing = { partitions: [], standbys: [], awaiting: false, settling: false };
  if (assignment.length < 6) return nothing;
  const bytes = Buffer.from(assignment);
  const partitions = new Set<number>();
  let at = 6;
  for (let topics = bytes.readInt32BE(2); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    const count = bytes.readInt32BE(at);
    at += 4;
    for (let index = 0; index < count; index += 1)
      partitions.add(bytes.readInt32BE(at + 4 * index));
    at += 4 * count;
  }
  const { standbys, awaiting, settling } = parse<Part>(bytes, at);
  return {
    partitions: [...partitions].sort((a, b) => a - b),
    standbys: isNumbers(standbys) ? standbys : [],
    awaiting: awaiting === true,
    settling: settling === true,
  };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Reads our own bytes behind the protocol’s: their length, then JSON; a member of an earlier version sends none. */
function parse<T>(bytes: Buffer, at: number): Partial<T> {
  const length = bytes.length < at + 4 ? 0 : bytes.readInt32BE(at);
  if (length <= 0) return {};
  return JSON.parse(bytes.subarray(at + 4, at + 4 + length).toString()) as Partial<T>;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([int16(bytes.length), bytes]);
}

function array<T>(values: readonly T[], encode: (value: T) => Buffer): Buffer {
  return Buffer.concat([int32(values.length), ...values.map(encode)]);
}
