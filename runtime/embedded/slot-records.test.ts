import { describe, expect, it } from 'vitest';
import { SlotWriter } from '../slot.ts';
import { slotEnds, slotRecords } from './slot-records.ts';

describe('slotEnds', () => {
  it('says without a copy where the records end that slotRecords gives', () => {
    const slot = new SlotWriter(new SharedArrayBuffer(1024));
    for (const id of [7, 9, 7, 7]) {
      slot.append(0, id, 0, { key: null, value: Buffer.of(id), headers: {}, timestampMs: 0 });
    }
    const bases = [
      [7, 100],
      [9, 0],
    ] as const;
    const runs = slotRecords(slot.buffer, slot.byteLength, bases);
    expect([...slotEnds(slot.buffer, slot.byteLength, bases)]).toEqual(
      runs.map(({ id, records }) => [id, (records.at(-1)?.offset ?? 0) + 1]),
    );
  });
});
