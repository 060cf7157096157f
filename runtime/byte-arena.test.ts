import { describe, expect, it } from 'vitest';
import { ByteArena } from './byte-arena.ts';

function bytesOf(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) & 255));
}

describe('ByteArena', () => {
  it('reads back what was appended, across chunks, and again after a restore', () => {
    const arena = new ByteArena();
    const kept = [0, 10, 70_000, 1, 200_000, 3].map((length, seed) => {
      const bytes = bytesOf(length, seed);
      return { bytes, position: arena.append(bytes) };
    });
    const restored = new ByteArena();
    arena.writeDirty((chunk, bytes) => restored.readChunk(chunk, bytes));
    for (const { bytes, position } of kept) {
      expect(arena.read(position, bytes.length).equals(bytes)).toBe(true);
      expect(restored.read(position, bytes.length).equals(bytes)).toBe(true);
    }
    expect(restored.byteLength).toBe(arena.byteLength);
  });

  it('saves only what changed', () => {
    const arena = new ByteArena();
    arena.append(bytesOf(70_000, 1));
    arena.writeDirty(() => undefined);
    arena.append(bytesOf(5, 2));
    const saved: number[] = [];
    arena.writeDirty((chunk) => saved.push(chunk));
    expect(saved).toEqual([1]);
    expect(() => arena.read(70_004, 2)).toThrowError(
      expect.objectContaining({ code: 'STATE_LAYOUT' }),
    );
  });
});
