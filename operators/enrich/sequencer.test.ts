import { describe, expect, it } from 'vitest';
import { PagedTable } from '../../runtime/state/paged-table.ts';
import { type SequenceCounts, Sequencer, sequenceColumns } from './sequencer.ts';

function setUp() {
  const table = new PagedTable(sequenceColumns);
  const row = table.allocate();
  const sequencer = new Sequencer(table);
  const counts: SequenceCounts = {
    accepted: 0,
    duplicates: 0,
    outOfOrder: 0,
    counterBases: 0,
    counterResets: 0,
    ended: 0,
    overflows: 0,
  };
  const feed = (points: readonly (readonly [number, number])[], counter = false) => {
    sequencer.clear();
    const timestamps = Float64Array.from(points, ([ms]) => ms);
    const values = Float64Array.from(points, ([, value]) => value);
    sequencer.run(row, timestamps, values, 0, points.length, counter, counts);
    return Array.from({ length: sequencer.length }, (_, i) => [
      sequencer.timestamps[i],
      sequencer.values[i],
    ]);
  };
  return { feed, counts };
}

const stale = new Float64Array(new Uint32Array([2, 0x7ff00000]).buffer)[0] ?? 0;

describe('Sequencer', () => {
  it('accepts each time once and in order, also across calls', () => {
    const { feed, counts } = setUp();
    expect(
      feed([
        [1000, 1],
        [2000, 2],
        [2000, 3],
        [1500, 4],
      ]),
    ).toEqual([
      [1000, 1],
      [2000, 2],
    ]);
    expect(
      feed([
        [2000, 9],
        [3000, 5],
      ]),
    ).toEqual([[3000, 5]]);
    expect(counts).toMatchObject({ accepted: 3, duplicates: 2, outOfOrder: 1 });
  });

  it('turns a counter into a rate per second, and none over a reset', () => {
    const { feed, counts } = setUp();
    expect(
      feed(
        [
          [1000, 100],
          [3000, 150],
          [4000, 150],
          [5000, 30],
          [6000, 42],
        ],
        true,
      ),
    ).toEqual([
      [3000, 25],
      [4000, 0],
      [6000, 12],
    ]);
    expect(counts).toMatchObject({ accepted: 3, counterBases: 2, counterResets: 1 });
  });

  it('takes a staleness marker as the end: it carries no value, and a counter starts from a new base', () => {
    const { feed, counts } = setUp();
    expect(
      feed(
        [
          [1000, 10],
          [2000, 20],
          [3000, stale],
          [4000, 5],
          [5000, 7],
        ],
        true,
      ),
    ).toEqual([
      [2000, 10],
      [5000, 2],
    ]);
    expect(counts).toMatchObject({ accepted: 2, counterBases: 2, ended: 1 });
  });
});
