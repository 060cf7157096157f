import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import { PackedBatchWriter } from '../../schemas/packed-batch.ts';
import { type Course, peerCourses } from './peer-courses.ts';
import { randomFrom } from './random.ts';

const RUNS = 48;
const MOST_RUN_POINTS = 64;
const LATE_SHARE = 0.02;
const LATE = 2;

/** Makes batches of the series of `peerCourses`, cut into runs of 1 to 64 points and mixed; some runs are late. */
export function* peerBatches(seed: number): Generator<SeriesBatch> {
  const courses = peerCourses(seed);
  const random = randomFrom(seed);
  const next = new Uint32Array(courses.length);
  const open = courses.map((_, i) => i);
  while (open.length > 0) {
    const writer = new PackedBatchWriter('default', 0, 1);
    for (let run = 0; run < RUNS && open.length > 0; run++) {
      const place = Math.floor(random() * open.length);
      const number = open[place] as number;
      const { timestamps, values } = courses[number] as Course;
      const start = next[number] as number;
      const end = Math.min(values.length, start + 1 + Math.floor(random() * MOST_RUN_POINTS));
      next[number] = end;
      if (end === values.length) open.splice(place, 1);
      const flags = random() < LATE_SHARE ? LATE : 0;
      const source = { sourcePartition: 0, sourceOffset: 0, flags };
      const series = { seriesLow: number, seriesHigh: 7 * number };
      writer.addRun({ ...series, timestamps, values, start, end, ...source });
    }
    yield writer.take();
  }
}
