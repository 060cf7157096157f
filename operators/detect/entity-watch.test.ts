import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../models/seeded-random.ts';
import type { EntityEvent } from './entity-book.ts';
import { type EntityTables, newEntityTables } from './entity-columns.ts';
import type { EntityReading } from './entity-readings.ts';
import { EntityWatch, SLOT_MS } from './entity-watch.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function tables(): EntityTables {
  return newEntityTables({ rowsPerPage: 4, pagesPerSlab: 4 });
}

function reading(series: number, atMs: number, excess: number): EntityReading {
  return { low: series, high: 7, ms: START + atMs, intervalMs: MINUTE, excess, historical: 0 };
}

/** Scores of the slots judged, by their time from the start. */
function scoresOf(watch: EntityWatch, toMs: number): Map<number, number> {
  const scores = new Map<number, number>();
  watch.advance(START + toMs, ({ slotMs, score }) => scores.set(slotMs - START, score));
  return scores;
}

describe('EntityWatch', () => {
  it('opens where metrics that are no episode by themselves are odd together, and names them by weight', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    for (const [series, excess] of [4, 6, 5, 3].entries()) {
      watch.note(entity, reading(series, MINUTE, excess));
    }
    const [opened, ...others] = watch.advance(START + MINUTE);
    expect(others).toEqual([]);
    expect(opened).toMatchObject({
      phase: 'OPEN',
      revision: 0,
      startMs: START + MINUTE,
      points: 1,
    });
    expect(opened?.score).toBeGreaterThan(1);
    expect(opened?.shares.map(({ low }) => low)).toEqual([1, 2, 0, 3]);
    expect(opened?.shares.map(({ contribution }) => contribution)).toEqual(
      [6, 5, 4, 3].map((excess) => excess / 18),
    );
    expect(opened?.shares.every(({ high }) => high === 7)).toBe(true);
  });

  it('opens for no single metric and no two, however odd', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    // The most that a metric can say is 8.
    watch.note(entity, reading(1, MINUTE, 8));
    watch.note(entity, reading(2, MINUTE, 8));
    expect(watch.advance(START + MINUTE)).toEqual([]);
    for (const series of [1, 2, 3]) watch.note(entity, reading(series, 2 * MINUTE, 8));
    expect(watch.advance(START + 2 * MINUTE)).toHaveLength(1);
  });

  it('holds a reading until the next point of its series is due, and no longer', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    watch.note(entity, reading(1, 1000, 5));
    watch.note(entity, reading(2, 31_000, 1));
    watch.note(entity, reading(3, 61_000, 1));
    const scores = scoresOf(watch, 2 * MINUTE);
    const alone = scoresOf(withReadings(reading(1, 1000, 1)), 2 * MINUTE).get(SLOT_MS) as number;
    expect(scores.get(SLOT_MS)).toBeCloseTo(5 * alone, 6);
    expect(scores.get(40_000)).toBeCloseTo(6 * alone, 6);
    // The first was replaced or ended at 61 s; the second still holds.
    expect(scores.get(70_000)).toBeCloseTo(2 * alone, 6);
  });

  it('counts a series once in a slot, by its largest reading, and the newest slot over the one before', () => {
    const many = withReadings(reading(1, 1000, 2), reading(1, 3000, 4), reading(1, 5000, 3));
    const one = withReadings(reading(1, 1000, 4));
    expect(scoresOf(many, SLOT_MS)).toEqual(scoresOf(one, SLOT_MS));
    const replaced = withReadings(reading(1, 9000, 5), reading(1, 12_000, 1));
    const newest = withReadings(reading(1, 12_000, 1));
    expect(scoresOf(replaced, MINUTE).get(20_000)).toBeCloseTo(
      scoresOf(newest, MINUTE).get(20_000) as number,
      6,
    );
  });

  it('leaves out what comes behind the watermark', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    watch.advance(START + 5 * MINUTE);
    for (const series of [1, 2, 3]) watch.note(entity, reading(series, 5 * MINUTE, 8));
    expect(watch.advance(START + 10 * MINUTE)).toEqual([]);
  });

  it('climbs to critical, closes when quiet, and stays quiet for the refractory period', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    const burst = (atMs: number, series: number): readonly EntityEvent[] => {
      for (let s = 0; s < series; s++) watch.note(entity, reading(s, atMs, 6));
      return watch.advance(START + atMs);
    };
    expect(burst(MINUTE, 3)).toMatchObject([{ phase: 'OPEN', tier: 'warning' }]);
    expect(burst(2 * MINUTE, 8)).toMatchObject([
      { phase: 'UPDATE', tier: 'critical', revision: 1, peakMs: START + 2 * MINUTE },
    ]);
    expect(watch.advance(START + 5 * MINUTE)).toEqual([]);
    expect(watch.advance(START + 5 * MINUTE + 1)).toMatchObject([
      { phase: 'CLOSE', revision: 2, endMs: START + 2 * MINUTE, points: 2 },
    ]);
    expect(burst(5.5 * MINUTE, 3)).toEqual([]);
    expect(burst(8 * MINUTE, 3)).toMatchObject([{ phase: 'OPEN' }]);
  });

  it('asks for more of an entity that is often odd', () => {
    const watch = new EntityWatch(tables());
    const entity = watch.add(1, 2, 0);
    const scoreAt = (atMs: number): number => {
      for (let s = 0; s < 3; s++) watch.note(entity, reading(s, atMs, 5));
      return scoresOf(watch, atMs).get(atMs) as number;
    };
    const first = scoreAt(MINUTE);
    for (let hour = 1; hour < 300; hour++) scoreAt(hour * 60 * MINUTE);
    expect(scoreAt(301 * 60 * MINUTE)).toBeLessThan(0.9 * first);
  });

  it('says the same in whatever order readings come and however often time is told', () => {
    const inOrder = runRandom((readings) => readings);
    expect(inOrder.length).toBeGreaterThan(10);
    expect(runRandom((readings) => readings.toReversed())).toEqual(inOrder);
    expect(runRandom((readings) => readings, 7)).toEqual(inOrder);
  });

  it('goes on after a restore as if nothing had happened', () => {
    expect(runRandom((readings) => readings, 1, true)).toEqual(runRandom((readings) => readings));
  });

  it('gives an entity up with its readings, and closes what is open', () => {
    const held = tables();
    const watch = new EntityWatch(held);
    const entity = watch.add(1, 2, 0);
    for (const series of [1, 2, 3]) watch.note(entity, reading(series, MINUTE, 8));
    watch.advance(START + MINUTE);
    watch.note(entity, reading(4, 5 * MINUTE, 8));
    expect(watch.evict(entity)).toMatchObject([{ phase: 'CLOSE' }]);
    expect(watch.find(1, 2)).toBe(-1);
    expect(watch.advance(START + 10 * MINUTE)).toEqual([]);
    expect([held.entities, held.readings, held.episodes].map((table) => table.liveRows)).toEqual([
      0, 0, 0,
    ]);
  });
});

function withReadings(...readings: EntityReading[]): EntityWatch {
  const watch = new EntityWatch(tables());
  const entity = watch.add(1, 2, 0);
  for (const one of readings) watch.note(entity, one);
  return watch;
}

/** Two entities through six hours of bursts; what was told. */
function runRandom(
  order: (readings: EntityReading[]) => EntityReading[],
  ticks = 1,
  restored = false,
): EntityEvent[] {
  let held = tables();
  let watch = new EntityWatch(held);
  for (const id of [1, 2]) watch.add(id, 2, 0);
  const random = seededRandom(4);
  const events: EntityEvent[] = [];
  for (let minute = 1; minute <= 360; minute++) {
    for (const one of order(minuteOf(minute, random))) {
      watch.note(watch.find(1 + (one.low % 2), 2), one);
    }
    for (let tick = 1; tick <= ticks; tick++) {
      events.push(...watch.advance(START + (minute - 1 + tick / ticks) * MINUTE));
    }
    if (!restored || minute % 13 !== 0) continue;
    held = copied(held);
    watch = continued(watch, held);
  }
  return events;
}

function minuteOf(minute: number, random: () => number): EntityReading[] {
  const share = minute % 40 < 6 ? 0.9 : 0.2;
  return Array.from({ length: 16 }, (_, s) => {
    const early = Math.floor(random() * 9000);
    return { ...reading(s, minute * MINUTE - early, 4 * random()), odd: random() < share };
  }).filter(({ odd }) => odd);
}

function continued(watch: EntityWatch, held: EntityTables): EntityWatch {
  const next = new EntityWatch(held);
  const saved = watch.save();
  if (saved !== undefined) next.restore(saved);
  next.rebuild();
  return next;
}

function copied(from: EntityTables): EntityTables {
  const to = tables();
  for (const name of ['entities', 'readings', 'episodes'] as const) {
    for (const [page, image] of from[name].takeDirty()) {
      to[name].readPage(page, image === null ? null : Uint8Array.from(image));
    }
    for (let row = 0; row < to[name].rowCount; row++) if (to[name].isLive(row)) to[name].touch(row);
  }
  return to;
}
