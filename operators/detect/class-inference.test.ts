import { describe, expect, it } from 'vitest';
import { classNames, classNumber } from '../../models/metric-class.ts';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import { utcCalendar } from './calendar.ts';
import { inferClass, isClassDue } from './class-inference.ts';
import { runTrack } from './detect-call.fixture.ts';
import { newDetectTables } from './detect-tables.ts';
import { SeriesTracker } from './series-tracker.ts';
import { WINDOW } from './state-columns.ts';

const MINUTE_MS = 60_000;

/** Numbers in [0, 1) that depend on the seed alone. */
function numbers(seed: number): () => number {
  let state = (seed * 7919 + 13) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Follows `points` values of a course and tells the class that they have at last, knowing `known`. */
function classOf(course: (i: number) => number, known = 'general', points = 2048): string {
  const tables = newDetectTables({ rowsPerPage: 1, pagesPerSlab: 1 });
  const tracker = new SeriesTracker(tables);
  tracker.load(tables.series.allocate());
  for (let i = 0; i < points; i++) {
    tracker.look(Date.UTC(2024, 2, 4) + i * MINUTE_MS, course(i), 0, utcCalendar);
    tracker.take();
  }
  const window = new Float64Array(WINDOW);
  tracker.readWindow(window);
  return classNames[inferClass(tracker, window, classNumber(known) ?? 0)] ?? '';
}

describe('inferClass', () => {
  const random = numbers(1);

  it.each<[string, (i: number) => number]>([
    ['steps', (i) => 3 + (Math.floor(i / 300) % 4)],
    ['sparse-counts', () => (random() < 0.1 ? 1 + Math.floor(2 * random()) : 0)],
    ['error-ratio', () => 0.004 * random()],
    ['saturation', () => 0.3 + 0.4 * random()],
    ['throughput', () => 40 + Math.floor(60 * random())],
    ['latency', () => 30 * Math.exp(0.4 * (random() + random() + random() - 1.5)) ** 2],
    ['seasonal-kpi', (i) => 1000 * Math.exp(Math.sin((2 * Math.PI * i) / 1440)) + 9 * random()],
  ])('tells %s by its values', (expected, course) => {
    expect(classOf(course)).toBe(expected);
  });

  it('takes values of either sign about nothing for no class', () => {
    expect(classOf(() => random() - 0.5)).toBe('general');
  });

  it('keeps what is known where two classes have about the same to say for them', () => {
    // Counts of events about 12 are as well few counts as a throughput.
    const course = (i: number) => (i % 24) + Math.floor(3 * random());
    expect(classOf(course, 'sparse-counts')).toBe('sparse-counts');
    expect(classOf(course, 'throughput')).toBe('throughput');
    expect(classOf(course, 'latency')).not.toBe('latency');
  });

  it('gives a class up that has nothing left to say for it', () => {
    expect(classOf(() => 40 + Math.floor(60 * random()), 'steps')).toBe('throughput');
  });

  it('is due at doublings from 64 points on, later every 2,048', () => {
    const due = Array.from({ length: 6200 }, (_, i) => i).filter(isClassDue);
    expect(due).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 6144]);
  });
});

describe('Detector', () => {
  const random = numbers(5);
  const values = Array.from({ length: 1500 }, (_, i) =>
    Math.round(40 * random() + (i < 1400 ? 0 : 400)),
  );
  const timestamps = values.map((_, i) => Date.UTC(2024, 2, 4) + i * MINUTE_MS);

  it('tells the class that it infers, unless the definition has one', async () => {
    const scorer = await OnnxEnsemble.load();
    const run = (name: string) =>
      runTrack(scorer, { timestamps, values, settings: { class: name } });
    const inferred = await run('general');
    expect(inferred.classes).toEqual(['throughput']);
    expect(inferred.episodes[0]?.metricClass).toBe('throughput');
    const given = await run('counter');
    expect(given.classes).toEqual([]);
    expect(given.episodes[0]?.metricClass).toBe('counter');
    expect((await run('mine')).classes).toEqual(['throughput']);
  }, 30_000);
});
