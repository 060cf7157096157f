import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim } from './group-protocol.ts';

it('encodes a claim as other consumers of the protocol read it, and reads it back', () => {
  const metadata = encodeClaim(['a', 'topic.ü'], { owned: [0, 5], generation: 7 });
  const decoded = kafkajs.AssignerProtocol.MemberMetadata.decode(Buffer.from(metadata));
  expect(decoded?.topics).toEqual(['a', 'topic.ü']);
  const claim = decodeClaim({ memberId: 'm', metadata });
  expect(claim).toEqual({ memberId: 'm', owned: [0, 5], generation: 7 });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['another assignor’s bytes', Buffer.from('00000000000100016100000002ffff', 'hex')],
  ['no bytes of ours', Buffer.from('0000000000000000', 'hex')],
])('takes %s for an empty claim', (_, metadata) => {
  const claim = decodeClaim({ memberId: 'm', metadata });
  expect(claim).toEqual({ memberId: 'm', owned: [], generation: -1 });
});

it('encodes an assignment as other consumers of the protocol read it, and reads it back', () => {
  const counts = new Map([
    ['a', 4],
    ['b', 2],
  ]);
  const assignment = encodeAssignment([1, 3], counts);
  const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(Buffer.from(assignment));
  expect(decoded?.assignment).toEqual({ a: [1, 3], b: [1] });
  expect(decodeAssignment(assignment)).toEqual([1, 3]);
});

it('reads no bytes as no partitions', () => {
  expect(decodeAssignment(new Uint8Array(0))).toEqual([]);
});
