import { describe, expect, it } from 'vitest';
import { SlotReader, SlotWriter } from './slot.ts';
import type { RecordHeaders } from './transport.ts';

/** Headers after they went through a slot, as pairs of texts. */
function throughSlot(headers: RecordHeaders): [string, string][] {
  const writer = new SlotWriter(new SharedArrayBuffer(64));
  writer.append(0, 0, 0, { key: null, value: null, headers, timestampMs: 0 });
  const reader = new SlotReader(writer.buffer, writer.byteLength);
  reader.next();
  const again = new SlotWriter(new SharedArrayBuffer(64));
  again.append(0, 0, 0, { key: null, value: null, headers: reader.headers, timestampMs: 0 });
  const last = new SlotReader(again.buffer, again.byteLength);
  last.next();
  const pairs: [string, string][] = [];
  for (const name in last.headers) {
    pairs.push([name, Buffer.from(last.headers[name] ?? []).toString()]);
  }
  return pairs;
}

function headersOf(...pairs: readonly (readonly [string, string])[]): RecordHeaders {
  return Object.fromEntries(pairs.map(([name, value]) => [name, Buffer.from(value)]));
}

describe('headers in a slot', () => {
  it('come out as they went in, whatever they are called', () => {
    const pairs: [string, string][] = [
      ['a', '1'],
      ['', 'no name'],
      ['é😀', ''],
      ['__proto__', 'not a prototype'],
      ['constructor', 'x'],
      ['toString', 'y'],
    ];
    expect(throughSlot(headersOf(...pairs))).toEqual(pairs);
  });

  it('of the longest name that is kept whole come out whole, and are cut above that', () => {
    const longest = 'n'.repeat(65_535);
    const pairs = throughSlot(headersOf([longest, '1'], [`${longest}!`, '2'], ['after', '3']));
    // Two names that differ only behind the limit are one, and the last one counts.
    expect(pairs).toEqual([
      [longest, '2'],
      ['after', '3'],
    ]);
  });
});
