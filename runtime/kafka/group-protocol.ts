import type { GroupMemberMetadata } from './client.ts';
import type { Claim } from './co-partition-assignor.ts';

/** The name our members give their way of sharing partitions; members with another name cannot join the group. */
export const groupProtocol = 'vigie-co-partition';

const version = 0;

/**
 * Encodes what a member tells the leader, in Kafka’s consumer protocol: version, topics, then our own bytes (what it
 * holds, as JSON).
 */
export function encodeClaim(topics: readonly string[], claim: Omit<Claim, 'memberId'>): Uint8Array {
  const own = Buffer.from(JSON.stringify({ owned: claim.owned, generation: claim.generation }));
  return Buffer.concat([int16(version), array(topics, string), int32(own.length), own]);
}

/** Decodes what a member told; bytes of another make give an empty claim. */
export function decodeClaim({ memberId, metadata }: GroupMemberMetadata): Claim {
  const nothing = { memberId, owned: [], generation: -1 };
  try {
    const bytes = Buffer.from(metadata);
    let at = 6;
    for (let left = bytes.readInt32BE(2); left > 0; left -= 1) at += 2 + bytes.readInt16BE(at);
    const text = bytes.subarray(at + 4, at + 4 + bytes.readInt32BE(at)).toString();
    const { owned, generation } = JSON.parse(text) as Partial<Claim>;
    if (!Array.isArray(owned) || !owned.every(Number.isSafeInteger)) return nothing;
    return { memberId, owned, generation: Number(generation ?? -1) };
  } catch {
    return nothing;
  }
}

/** Encodes a member’s part: its partition numbers of each topic that has them. */
export function encodeAssignment(
  partitions: readonly number[],
  counts: ReadonlyMap<string, number>,
): Uint8Array {
  const topics = [...counts].map(([topic, count]) => {
    const own = partitions.filter((partition) => partition < count);
    return Buffer.concat([string(topic), array(own, int32)]);
  });
  return Buffer.concat([int16(version), array(topics, (bytes) => bytes), int32(0)]);
}

/** Decodes a member’s part to partition numbers, ascending; no bytes mean none. */
export function decodeAssignment(assignment: Uint8Array): readonly number[] {
  if (assignment.length < 6) return [];
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
  return [...partitions].sort((a, b) => a - b);
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
