import { describe, expect, it } from 'vitest';
import { rawBatch } from '../../test/support/raw-batch.ts';
import { rawFromBatch, rawFromPoint } from './raw-points.ts';

const point = {
  tenant: 'acme',
  name: 'up',
  labels: { b: '2', a: '1', none: '' },
  timestamp: 1000,
  value: 7,
  kind: 'GAUGE',
  unit: 'By',
  backfill: true,
} as const;

const two = rawBatch([
  {
    name: 'up',
    labels: { b: '2', a: '1', none: '' },
    points: [
      [1000, 1],
      [2000, 2],
    ],
  },
  { name: 'down', kind: 'COUNTER', points: [[3000, 3]] },
]);

describe('rawFromPoint', () => {
  it('is a batch of one: labels sorted, empty ones left out, mark of back-fill kept', () => {
    const raw = rawFromPoint(point);
    expect(raw).toMatchObject({ tenant: 'acme', backfill: true });
    expect(raw.series).toEqual([
      {
        name: 'up',
        labels: [
          ['a', '1'],
          ['b', '2'],
        ],
        kind: 'GAUGE',
        unit: 'By',
      },
    ]);
    expect([...raw.counts]).toEqual([1]);
    expect([...raw.timestamps, ...raw.values]).toEqual([1000, 7]);
    expect(new Float64Array(raw.words.buffer)[0]).toBe(7);
  });
});

describe('rawFromBatch', () => {
  it('reads series with their points, in place whatever the alignment', () => {
    const shifted = (bytes: Uint8Array) => {
      const room = new Uint8Array(bytes.length + 3);
      room.set(bytes, 3);
      return room.subarray(3);
    };
    const moved = {
      counts: shifted(two.counts),
      timestamps: shifted(two.timestamps),
      values: shifted(two.values),
    };
    for (const batch of [two, { ...two, ...moved }]) {
      const raw = rawFromBatch(batch, 10);
      if ('code' in raw) throw new Error(raw.detail);
      expect(raw.series).toEqual([
        {
          name: 'up',
          labels: [
            ['a', '1'],
            ['b', '2'],
          ],
          kind: 'GAUGE',
          unit: null,
        },
        { name: 'down', labels: [], kind: 'COUNTER', unit: null },
      ]);
      expect([...raw.counts]).toEqual([2, 1]);
      expect([...raw.timestamps]).toEqual([1000, 2000, 3000]);
      expect([...raw.values]).toEqual([1, 2, 3]);
    }
  });

  it('reads a batch without series', () => {
    expect(rawFromBatch(rawBatch([]), 10)).toMatchObject({ series: [] });
  });

  it('keeps the bits of a NaN', () => {
    const words = Uint32Array.of(2, 0x7ff00000);
    const batch = rawBatch([{ name: 'up', points: [[1, 0]] }], {
      values: new Uint8Array(words.buffer),
    });
    const raw = rawFromBatch(batch, 10);
    expect('words' in raw ? [...raw.words] : []).toEqual([2, 0x7ff00000]);
  });

  const header = { name: 0, labels: [1, 2], kind: 'GAUGE', unit: -1 } as const;
  it.each([
    ['layout', { layout: 2 }],
    ['counts too short', { counts: new Uint8Array(4) }],
    ['counts of one byte', { counts: new Uint8Array(1) }],
    ['counts of too many points', { counts: new Uint8Array(Uint32Array.of(2, 2).buffer) }],
    ['counts that wrap around', { counts: new Uint8Array(Uint32Array.of(2 ** 32 - 1, 4).buffer) }],
    ['timestamps too short', { timestamps: new Uint8Array(16) }],
    ['values of half a point', { values: new Uint8Array(20), timestamps: new Uint8Array(20) }],
    ['a name beyond the dictionary', { series: [{ ...header, name: 99 }, header] }],
    ['a name before the dictionary', { series: [{ ...header, name: -1 }, header] }],
    ['a label beyond the dictionary', { series: [header, { ...header, labels: [1, 99] }] }],
    ['a label without value', { series: [header, { ...header, labels: [1] }] }],
    ['a unit beyond the dictionary', { series: [header, { ...header, unit: 99 }] }],
  ])('says what disagrees: %s', (_name, over) => {
    const raw = rawFromBatch({ ...two, ...over }, 10);
    expect(raw).toMatchObject({ code: 'BATCH_COLUMNS' });
  });

  it('refuses too many series before it looks at any', () => {
    const series = Array.from({ length: 11 }, () => ({ ...header, name: 99 }));
    expect(rawFromBatch({ ...two, series }, 10)).toMatchObject({ code: 'RECORD_TOO_LARGE' });
  });

  it('refuses series that share few texts and would have too many characters each for itself', () => {
    const series = Array.from({ length: 20_000 }, () => ({ ...header, labels: [1, 2] }));
    const dictionary = ['up', 'a', 'x'.repeat(2000)];
    const counts = new Uint8Array(4 * series.length);
    const none = { timestamps: new Uint8Array(0), values: new Uint8Array(0) };
    const raw = rawFromBatch({ ...two, series, dictionary, counts, ...none }, 50_000);
    expect(raw).toMatchObject({ code: 'RECORD_TOO_LARGE' });
  });
});
