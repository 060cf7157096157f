import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../models/seeded-random.ts';
import type { EntityEvent } from './entity-book.ts';
import { type EntityTables, newEntityTables, SLOT_MS } from './entity-columns.ts';
import type { EntityReading } from './entity-readings.ts';
import { EntityWatch } from './entity-watch.ts';

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

/** A watch that has known an entity for 40 quiet minutes. */
function knownWatch(held = tables()): EntityWatch {
  const watch = new EntityWatch(held);
  const entity = watch.add(1, 2, 0);
  for (let minute = -40; minute < 0; minute++) {
    watch.note(entity, reading(99, minute * MINUTE, 0.1));
    watch.advance(START + minute * MINUTE);
  }
  return watch;
}

function known(...readings: EntityReading[]): EntityWatch {
  const watch = knownWatch();
  for (const one of readings) watch.note(watch.find(1, 2), one);
  return watch;
}

/** Sums up to a slot's score when nothing was said before: scores are in proportion to them. */
function scoreAt(slotMs: number, ...readings: EntityReading[]): number | undefined {
  return scoresOf(known(...readings), 5 * MINUTE).get(slotMs);
}

describe('EntityWatch', () => {
  it('opens where metrics that are no episode by themselves are odd together, and names them by weight', () => {
    const watch = known(...[4, 6, 5, 3].map((excess, series) => reading(series, MINUTE, excess)));
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
    // The most that a metric can say is 8.
    const watch = known(reading(1, MINUTE, 8), reading(2, MINUTE, 8));
    expect(watch.advance(START + MINUTE)).toEqual([]);
    for (const series of [1, 2, 3]) watch.note(0, reading(series, 2 * MINUTE, 8));
    expect(watch.advance(START + 2 * MINUTE)).toHaveLength(1);
  });

  it('opens at the first thing that it hears of an entity, if that is odd enough', () => {
    const watch = new EntityWatch(tables());
    watch.add(1, 2, 0);
    for (const series of [1, 2, 3]) watch.note(0, reading(series, MINUTE, 8));
    expect(watch.advance(START + MINUTE)).toMatchObject([{ phase: 'OPEN' }]);
  });

  it('holds a reading until the next point of its series is due, and no longer', () => {
    const held = [reading(1, 1000, 5), reading(2, 31_000, 1), reading(3, 61_000, 1)];
    const alone = scoreAt(SLOT_MS, reading(1, 1000, 1)) as number;
    const scores = scoresOf(known(...held), 2 * MINUTE);
    expect(scores.get(SLOT_MS)).toBeCloseTo(5 * alone, 6);
    expect((scores.get(40_000) as number) / alone).toBeCloseTo(6, 0);
    // That of the first has ended at 61 s; the second still holds.
    expect((scores.get(70_000) as number) / alone).toBeCloseTo(2, 0);
  });

  it('takes the newest slot of a series, and in it each point for its share', () => {
    const fast = (atMs: number, excess: number) => {
      return { ...reading(1, atMs, excess), intervalMs: 2000 };
    };
    const points = [fast(2000, 2), fast(4000, 4), fast(6000, 3), fast(8000, 1), fast(10_000, 0.5)];
    const one = scoreAt(SLOT_MS, fast(4000, 10.5)) as number;
    expect(scoreAt(SLOT_MS, ...points)).toBeCloseTo(one, 9);
    expect(scoreAt(SLOT_MS, ...points.toReversed())).toBe(scoreAt(SLOT_MS, ...points));
    const replaced = scoreAt(20_000, reading(1, 9000, 5), reading(1, 12_000, 1)) as number;
    expect(replaced / (scoreAt(20_000, reading(1, 12_000, 1)) as number)).toBeCloseTo(1, 1);
  });

  it('leaves out what comes behind the watermark', () => {
    const watch = knownWatch();
    watch.advance(START + 5 * MINUTE);
    for (const series of [1, 2, 3]) watch.note(0, reading(series, 5 * MINUTE, 8));
    expect(watch.advance(START + 10 * MINUTE)).toEqual([]);
  });

  it('climbs to critical, closes when quiet, and stays quiet for the refractory period', () => {
    const watch = knownWatch();
    const burst = (atMs: number, series: number): readonly EntityEvent[] => {
      for (let s = 0; s < series; s++) watch.note(0, reading(s, atMs, 7));
      return watch.advance(START + atMs);
    };
    expect(burst(MINUTE, 3)).toMatchObject([{ phase: 'OPEN', tier: 'warning' }]);
    expect(burst(2 * MINUTE, 8)).toMatchObject([
      { phase: 'UPDATE', tier: 'critical', revision: 1, peakMs: START + 2 * MINUTE },
    ]);
    expect(watch.advance(START + 5 * MINUTE)).toEqual([]);
    expect(watch.advance(START + 5 * MINUTE + 1)).toMatchObject([
      // Readers order by `lastMs`: it may not lie before a tick that they have had.
      {
        phase: 'CLOSE',
        revision: 2,
        endMs: START + 2 * MINUTE,
        lastMs: START + 5 * MINUTE + 1,
        points: 2,
      },
    ]);
    expect(burst(5.5 * MINUTE, 3)).toEqual([]);
    expect(burst(8 * MINUTE, 4)).toMatchObject([{ phase: 'OPEN' }]);
  });

  it('asks for more of an entity that is often odd, or that has much that is always a little odd', () => {
    const oftenOdd = knownWatch();
    const alwaysOdd = knownWatch();
    const burst = (watch: EntityWatch, atMs: number): number => {
      for (let s = 0; s < 3; s++) watch.note(0, reading(s, atMs, 6));
      return scoresOf(watch, atMs).get(atMs) as number;
    };
    const first = burst(knownWatch(), MINUTE);
    for (let hour = 1; hour < 300; hour++) burst(oftenOdd, hour * 60 * MINUTE);
    expect(burst(oftenOdd, 301 * 60 * MINUTE)).toBeLessThan(0.95 * first);
    for (let minute = 1; minute < 200; minute++) {
      for (let s = 0; s < 12; s++) alwaysOdd.note(0, reading(s, minute * MINUTE, 0.5));
      alwaysOdd.advance(START + minute * MINUTE);
    }
    expect(burst(alwaysOdd, 200 * MINUTE)).toBeLessThan(0.95 * first);
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
    const watch = knownWatch(held);
    for (const series of [1, 2, 3]) watch.note(0, reading(series, MINUTE, 8));
    watch.advance(START + MINUTE);
    watch.note(0, reading(4, 5 * MINUTE, 8));
    expect(watch.evict(0)).toMatchObject([{ phase: 'CLOSE' }]);
    expect(watch.find(1, 2)).toBe(-1);
    expect(watch.advance(START + 10 * MINUTE)).toEqual([]);
    expect([held.entities, held.readings, held.episodes].map((table) => table.liveRows)).toEqual([
      0, 0, 0,
    ]);
  });
});

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
  const share = minute % 40 < 6 ? 0.9 : 0.1;
  return Array.from({ length: 16 }, (_, s) => {
    const early = Math.floor(random() * 9000);
    return { ...reading(s, minute * MINUTE - early, 8 * random()), odd: random() < share };
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
