import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../test/support/random.ts';
import type { Scratch } from './chunk-cache.ts';
import { TextStore } from './text-store.ts';

function bytesOf(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) & 255));
}

/** A scratch in memory that counts its use. */
class MemoryScratch implements Scratch {
  bytes = new Uint8Array(0);
  writes = 0;

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(end);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(bytes, position);
    this.writes += 1;
  }

  read(position: number, into: Uint8Array): void {
    if (position + into.length > this.bytes.length) throw new Error('never written');
    into.set(this.bytes.subarray(position, position + into.length));
  }
}

describe('TextStore', () => {
  it('reads back texts of any length, and again after a restore', () => {
    const store = new TextStore();
    const kept = [0, 1, 27, 28, 29, 10, 70_000, 300, 2_000_000, 3].map((length, seed) => {
      const text = bytesOf(length, seed);
      return { text, place: store.add(text) };
    });
    const restored = new TextStore();
    for (const [chunk, bytes] of store.takeDirty()) restored.readChunk(chunk, bytes);
    for (const { text, place } of kept) {
      expect(place).toBeLessThan(2 ** 32);
      expect(store.get(place).equals(text)).toBe(true);
      expect(restored.get(place).equals(text)).toBe(true);
    }
  });

  it('uses the cell of a removed text again, and refuses to read it', () => {
    const store = new TextStore();
    const places = [1, 2, 3].map((seed) => store.add(bytesOf(100, seed)));
    store.remove(places[1] ?? 0);
    expect(() => store.get(places[1] ?? 0)).toThrowError(
      expect.objectContaining({ code: 'STATE_LAYOUT' }),
    );
    expect(store.add(bytesOf(99, 9))).toBe(places[1]);
    expect(store.get(places[2] ?? 0).equals(bytesOf(100, 3))).toBe(true);
  });

  it('saves only what changed, and nothing of a chunk that is empty', () => {
    const store = new TextStore();
    const many = Array.from({ length: 2000 }, (_, i) => store.add(bytesOf(100, i)));
    for (const _ of store.takeDirty()); // Earlier changes are of no interest.
    store.remove(many[1999] ?? 0);
    const taking = store.takeDirty();
    expect(taking.next().value?.[0]).toBeDefined();
    store.remove(many[1998] ?? 0);
    expect([...taking]).toEqual([]);
    const saved = new Map<number, Uint8Array | null>();
    const save = () => {
      for (const [chunk, bytes] of store.takeDirty())
        saved.set(chunk, bytes && Uint8Array.from(bytes));
    };
    save();
    expect(saved.size).toBe(1);
    for (const place of many.slice(0, 1998)) store.remove(place);
    save();
    expect([...saved.values()].every((bytes) => bytes === null)).toBe(true);
  });

  it('goes on in the same places after a restore, whatever lies in memory', () => {
    const random = randomFrom(3);
    const scratch = new MemoryScratch();
    const stores = [new TextStore(), new TextStore({ memoryBytes: 200_000, scratch })];
    const saved = new Map<number, Uint8Array | null>();
    const held = new Map<number, Buffer>();
    for (let step = 0; step < 6000; step++) {
      const [any] = held.keys();
      if (random() < 0.4 && any !== undefined) removeFromAll(any);
      else addToAll(bytesOf(Math.floor(random() ** 4 * 2000), step));
      if (step % 1500 === 700) stores.push(copyOf(stores));
    }
    expect(stores[0]?.heldBytes).toBeGreaterThan(400_000);
    expect(stores[1]?.heldBytes).toBeLessThanOrEqual(200_000);
    expect(scratch.writes).toBeGreaterThan(10);
    for (const [place, text] of held)
      for (const store of stores) expect(store.get(place).equals(text)).toBe(true);

    function removeFromAll(place: number): void {
      for (const store of stores) store.remove(place);
      held.delete(place);
    }

    function addToAll(text: Buffer): void {
      const [place, ...others] = new Set(stores.map((store) => store.add(text)));
      expect(others).toEqual([]);
      held.set(place ?? 0, text);
    }

    function copyOf(all: readonly TextStore[]): TextStore {
      for (const store of all)
        for (const [chunk, bytes] of store.takeDirty())
          saved.set(chunk, bytes && Uint8Array.from(bytes));
      const restored = new TextStore({ memoryBytes: 100_000, scratch: new MemoryScratch() });
      for (const [chunk, bytes] of saved) restored.readChunk(chunk, bytes);
      return restored;
    }
  });
});
