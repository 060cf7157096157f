import { describe, expect, it } from 'vitest';
import { SlabMemory } from './slab-memory.ts';

const BYTES = 16 * 1024 ** 2;

describe('SlabMemory', () => {
  it('gives each slab bytes of its own, alone or out of a reservation, under all views alike', () => {
    const memory = new SlabMemory(BYTES);
    const slabs = Array.from({ length: 11 }, (_, number) => memory.slab(number));
    slabs.forEach(({ u8 }, number) => {
      u8[0] = 1 + number;
      u8[BYTES - 1] = 101 + number;
    });
    slabs.forEach(({ u8, views }, number) => {
      expect([u8.length, u8[0], u8[BYTES - 1]]).toEqual([BYTES, 1 + number, 101 + number]);
      for (const view of views) {
        const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        expect([bytes.length, bytes[0], bytes[BYTES - 1]]).toEqual([
          BYTES,
          1 + number,
          101 + number,
        ]);
      }
    });
  });

  it('gives a reservation back once all slabs in it are cut off, and makes them anew', () => {
    const memory = new SlabMemory(BYTES);
    const buffers = Array.from({ length: 11 }, (_, number) => memory.slab(number).u8.buffer);
    expect(new Set(buffers).size).toBe(4 + 2);
    memory.cut(9);
    expect(memory.slab(9).u8.buffer).toBe(buffers[9]);
    memory.cut(8);
    expect(memory.slab(4).u8.buffer).toBe(buffers[4]);
    const again = memory.slab(8).u8;
    expect(again.buffer).not.toBe(buffers[8]);
    expect(again[0]).toBe(0);
  });
});
