import { describe, expect, it } from 'vitest';
import { SourceProgress } from './source-progress.ts';

describe('SourceProgress', () => {
  it('takes every run of a batch, whatever their order, and nothing of it again', () => {
    const progress = new SourceProgress();
    expect([5, 7, 5, 6].map((offset) => progress.isRepeat(0, offset))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    progress.endBatch();
    expect([5, 6, 7, 8].map((offset) => progress.isRepeat(0, offset))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(progress.isRepeat(1, 5)).toBe(false);
  });

  it('keeps tenants apart: their records alternate on one raw partition and are packed apart', () => {
    const progress = new SourceProgress();
    for (const [tenant, offsets] of [
      ['a', [0, 2]],
      ['b', [1, 3]],
    ] as const) {
      progress.startBatch(tenant);
      expect(offsets.map((offset) => progress.isRepeat(0, offset))).toEqual([false, false]);
      progress.endBatch();
    }
    const restored = new SourceProgress();
    restored.restore(progress.save() ?? new Uint8Array(0));
    for (const each of [progress, restored]) {
      each.startBatch('a');
      expect([2, 3].map((offset) => each.isRepeat(0, offset))).toEqual([true, false]);
      each.startBatch('b');
      expect([3, 4].map((offset) => each.isRepeat(0, offset))).toEqual([true, false]);
    }
  });

  it('is the same after save and restore, and saves only changes', () => {
    const progress = new SourceProgress();
    progress.isRepeat(3, 10);
    progress.endBatch();
    const saved = progress.save();
    expect(progress.save()).toBeUndefined();
    const restored = new SourceProgress();
    restored.restore(saved ?? new Uint8Array(0));
    expect(restored.isRepeat(3, 10)).toBe(true);
    expect(restored.isRepeat(3, 11)).toBe(false);
  });
});
