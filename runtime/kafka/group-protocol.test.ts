import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { decodeClaim, decodePart, encodeClaim, encodePart } from './group-protocol.ts';

it('encodes a claim as other consumers of the protocol read it, and reads it back', () => {
  const metadata = encodeClaim(['a', 'topic.ü'], { owned: [0, 5], generation: 7, standbys: [2] });
  const decoded = kafkajs.AssignerProtocol.MemberMetadata.decode(Buffer.from(metadata));
  expect(decoded?.topics).toEqual(['a', 'topic.ü']);
  const claim = decodeClaim({ memberId: 'm', metadata });
  expect(claim).toEqual({ memberId: 'm', owned: [0, 5], generation: 7, standbys: [2] });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['another assignor’s bytes', Buffer.from('00000000000100016100000002ffff', 'hex')],
  ['no bytes of ours', Buffer.from('0000000000000000', 'hex')],
])('takes %s for an empty claim', (_, metadata) => {
  const claim = decodeClaim({ memberId: 'm', metadata });
  expect(claim).toEqual({ memberId: 'm', owned: [], generation: -1 });
});

it('tells a member that does not stand by from one that stands by for nothing', () => {
  const encode = (standbys?: readonly number[]) => ({
    memberId: 'm',
    metadata: encodeClaim(['a'], { owned: [], generation: 1, standbys }),
  });
  expect(decodeClaim(encode()).standbys).toBeUndefined();
  expect(decodeClaim(encode([])).standbys).toEqual([]);
});

it('encodes a part as other consumers of the protocol read it, and reads it back', () => {
  const counts = new Map([
    ['a', 4],
    ['b', 2],
  ]);
  const part = { partitions: [1, 3], standbys: [0], awaiting: true, settling: true };
  const assignment = encodePart(part, counts);
  const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(Buffer.from(assignment));
  expect(decoded?.assignment).toEqual({ a: [1, 3], b: [1] });
  expect(decodePart(assignment)).toEqual(part);
});

it.each([
  ['no bytes', new Uint8Array(0), []],
  ['a leader’s of another make', Buffer.from('0000000000010001610000000100000003', 'hex'), [3]],
])('reads %s as a part without standbys that waits for nothing', (_, bytes, partitions) => {
  expect(decodePart(bytes)).toEqual({
    partitions,
    standbys: [],
    awaiting: false,
    settling: false,
  });
});
