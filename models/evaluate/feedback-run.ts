import { defaultSettings } from '../../operators/detect/detect-input.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { Detector } from '../../operators/detect/detector.ts';
import { calibratedLevels, FeedbackBook } from '../../operators/detect/feedback-book.ts';
import type { FeedbackMark } from '../../operators/detect/feedback-level.ts';
import { feedbackOptions } from '../../operators/detect/feedback-options.ts';
import { defaultTuning } from '../../operators/detect/tuning.ts';
import type { MetricClass } from '../metric-class.ts';
import { seededRandom } from '../seeded-random.ts';
import { faultSizes, faultsOf, type PlantedFault, plantFault } from './fault-series.ts';
import { fleetSeries, type SeriesPoints } from './fleet-series.ts';
import type { Cadence } from './generated-faults.ts';
import type { ScoringSetup } from './score-rows.ts';

/** What feedback on a cohort did to what came after it. */
export interface FeedbackRun {
  readonly metricClass: MetricClass;
  readonly cadence: string;
  /** Series of the cohort: as many as it took to have the marks, or as there may be. */
  readonly series: number;
  readonly marks: number;
  /** Episodes that opened on later normal points, without and with the marks. */
  readonly falseOnsets: { readonly before: number; readonly after: number };
  /** Faults planted in later points that were found, without and with the marks. */
  readonly found: { readonly before: number; readonly after: number };
  readonly planted: number;
}

/** What is generated: a cohort of up to so many series, and faults in the later half of each. */
export interface FeedbackRequest {
  readonly metricClass: MetricClass;
  /** `points` are those before the marks; as many follow. */
  readonly cadence: Cadence;
  readonly marks: number;
  readonly mostSeries: number;
  readonly faults: number;
}

interface Episode {
  readonly series: number;
  readonly startMs: number;
  readonly metricClass: string;
  peakScore: number;
}

interface Judged {
  readonly onsets: Uint8Array;
  readonly episodes: readonly Episode[];
}

const TENANT = 'fleet';
const CALL_POINTS = 4096;
const TABLE = { rowsPerPage: 1, pagesPerSlab: 1 };
/** Seeds that nothing else of the evaluation has. */
const FIRST_SEED = 600_000;
/** Rows from which on the episodes of a new series are judged, and rows around a fault in which an onset is its own. */
const JUDGED_FROM = 300;
const BEFORE = 2;
const AFTER = 5;
const options = feedbackOptions.parse({});

/**
 * Marks the first false onsets of a cohort as such, and judges what comes after: normal points, and points with faults.
 *
 * Everything runs through what the product runs through: the detector, and the levels that follow from a book of marks.
 */
export async function runFeedback(
  setup: ScoringSetup,
  request: FeedbackRequest,
): Promise<FeedbackRun> {
  const { metricClass, cadence, marks: wanted, mostSeries } = request;
  const { intervalMs, points } = cadence;
  const cohort: SeriesPoints[] = [];
  const seen: Judged[] = [];
  const complaints: Episode[] = [];
  while (cohort.length < mostSeries && complaints.length < wanted) {
    const seed = FIRST_SEED + 1000 * metricClass.length + cohort.length;
    const series = fleetSeries({ seed, metricClass, points: 2 * points, intervalMs });
    const judged = await judge(setup, series, cohort.length);
    const [firstMs, markedMs] = [series.timestamps[JUDGED_FROM], series.timestamps[points]];
    for (const episode of judged.episodes) {
      const { startMs } = episode;
      if (startMs >= (firstMs as number) && startMs < (markedMs as number))
        complaints.push(episode);
    }
    cohort.push(series);
    seen.push(judged);
  }
  const markedMs = cohort[0]?.timestamps[points] as number;
  const book = bookOf(complaints.slice(0, wanted), metricClass, markedMs);
  const falseOnsets = { before: 0, after: 0 };
  const found = { before: 0, after: 0 };
  let planted = 0;
  for (const [i, series] of cohort.entries()) {
    const { timestamps } = series;
    falseOnsets.before += opened(seen[i] as Judged, markedMs);
    falseOnsets.after += opened(await judge(setup, series, i, book, metricClass), markedMs);
    const { values, faults } = withFaults(series, request, i);
    const before = await judge(setup, { timestamps, values }, i);
    const after = await judge(setup, { timestamps, values }, i, book, metricClass);
    planted += faults.length;
    found.before += foundIn(before, faults);
    found.after += foundIn(after, faults);
  }
  const marks = Math.min(wanted, complaints.length);
  return {
    ...{ metricClass, cadence: cadence.name, series: cohort.length, marks },
    ...{ falseOnsets, found, planted },
  };
}

/** The marks of these episodes, all said at one time. */
function bookOf(episodes: readonly Episode[], metric: string, fromMs: number): FeedbackBook {
  const book = new FeedbackBook(options);
  for (const [i, { series, startMs, metricClass, peakScore }] of episodes.entries()) {
    const mark: FeedbackMark = {
      id: String(i),
      subject: `${series} ${startMs}`,
      series: String(series),
      class: metricClass,
      verdict: 'FALSE_ALARM',
      peakScore,
      fromMs,
      endMs: book.endMs(fromMs, null),
    };
    book.take(TENANT, metric, mark);
  }
  return book;
}

/** Runs a series through a detector of its own, at the levels of a book if there is one. */
async function judge(
  { scorer, tuning = defaultTuning, settings = defaultSettings }: ScoringSetup,
  { timestamps, values }: SeriesPoints,
  series: number,
  book?: FeedbackBook,
  metric = '',
): Promise<Judged> {
  const tables = newDetectTables(TABLE);
  const rows = Uint32Array.of(tables.series.allocate());
  const detector = new Detector(scorer, tables, tuning);
  const onsets = new Uint8Array(values.length);
  const episodes = new Map<number, Episode>();
  const number = book?.numberOf(TENANT, metric) ?? -1;
  for (let from = 0; from < values.length; ) {
    const atMs = timestamps[from] as number;
    const untilMs = book?.untilMs(number, atMs) ?? Number.POSITIVE_INFINITY;
    let to = from + 1;
    while (to < values.length && to < from + CALL_POINTS && (timestamps[to] as number) < untilMs)
      to += 1;
    const output = await detector.score({
      ...{ runs: 1, rows, settings: [settings] },
      starts: Uint32Array.of(0),
      counts: Uint32Array.of(to - from),
      settingsOf: Uint32Array.of(0),
      historical: Uint8Array.of(1),
      levels: [book?.levels(number, String(series), atMs) ?? calibratedLevels],
      timestamps: timestamps.subarray(from, to),
      values: values.subarray(from, to),
    });
    onsets.set(output.onset.subarray(0, to - from), from);
    for (const { startMs, metricClass, peakScore } of output.episodes)
      episodes.set(startMs, { series, startMs, metricClass, peakScore });
    from = to;
  }
  return { onsets, episodes: [...episodes.values()] };
}

/** Plants faults in the later half. */
function withFaults(
  series: SeriesPoints,
  { metricClass, cadence, faults: wanted }: FeedbackRequest,
  number: number,
): { values: Float64Array; faults: readonly PlantedFault[] } {
  const { intervalMs, points } = cadence;
  const values = series.values.slice();
  const random = seededRandom(FIRST_SEED + number);
  const kinds = faultsOf(metricClass, intervalMs);
  const room = points / wanted;
  const faults: PlantedFault[] = [];
  for (let f = 0; f < wanted; f++) {
    const turn = number * wanted + f;
    const kind = kinds[turn % kinds.length] ?? 'spike';
    const size = faultSizes[Math.floor(turn / kinds.length) % faultSizes.length] ?? 'large';
    const from = Math.floor(points + f * room + 0.3 * room * random());
    const fault = plantFault(values, { kind, size, from, intervalMs }, random);
    if (fault !== null) faults.push(fault);
  }
  return { values, faults };
}

function opened({ episodes }: Judged, fromMs: number): number {
  return episodes.filter(({ startMs }) => startMs >= fromMs).length;
}

function foundIn({ onsets }: Judged, faults: readonly PlantedFault[]): number {
  const isFound = ({ from, to }: PlantedFault): boolean =>
    onsets.subarray(from - BEFORE, to + AFTER).some((onset) => onset > 0);
  return faults.filter(isFound).length;
}

/** Share of false onsets that the marks took away, and what it cost in recall, over several cohorts. */
export function feedbackEffect(runs: readonly FeedbackRun[]): {
  readonly cut: number;
  readonly recallLost: number;
} {
  const sum = (of: (run: FeedbackRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const onsets = sum(({ falseOnsets }) => falseOnsets.before);
  const lost = sum(({ found }) => found.before - found.after);
  return {
    cut: sum(({ falseOnsets }) => falseOnsets.before - falseOnsets.after) / onsets,
    recallLost: lost / sum(({ planted }) => planted),
  };
}
