import { CohortBook } from '../../operators/detect/cohort-book.ts';
import { Siblings } from '../../operators/detect/siblings.ts';
import { type MetricClass, metricClasses } from '../metric-class.ts';
import { type FirstHour, runFirstHour } from './first-hour.ts';
import { fleetSeries } from './fleet-series.ts';
import { type ScoringSetup, scoreRows } from './score-rows.ts';

/** New series as they are alone and with siblings, at one interval. */
export interface SiblingHour {
  readonly seconds: number;
  /** Siblings of each class that were live before. */
  readonly siblings: number;
  /** Points until every new series was live. */
  readonly aloneLiveAfter: number;
  readonly liveAfter: number;
  readonly alone: FirstHour;
  readonly with: FirstHour;
}

const HOUR_MS = 3_600_000;
/** How long before the new series their siblings came into being: what a series goes by is two days old. */
const BEFORE_MS = 48 * HOUR_MS;
/** Points after which a series is live alone, and some more. */
const GROWN_POINTS = 270;
/** Seeds of the siblings: none is that of a new series. */
const SIBLING_SEED = 2_000_000;
const CLASS_SEEDS = 10_000;

/**
 * Lets siblings of each class of the generated fleet grow up, and then watches new ones of the same class.
 *
 * Siblings have nothing in common but the class: levels, noise, bursts and seasons are drawn for each, as for new ones.
 */
export async function runSiblingHour(
  setup: ScoringSetup,
  {
    seconds,
    siblings,
    series,
    faulty = series,
  }: {
    readonly seconds: number;
    readonly siblings: number;
    readonly series: number;
    readonly faulty?: number;
  },
): Promise<SiblingHour> {
  const grown = new Map<MetricClass, readonly SavedCohort[]>();
  for (const name of metricClasses)
    grown.set(name, await growCohort(setup, name, seconds, siblings));
  const setupOf = (name: MetricClass): ScoringSetup => ({
    ...setup,
    siblings: () => new Siblings(bookOf(grown.get(name) ?? []), () => identity(name, 'new')),
  });
  const alone = await runFirstHour(() => setup, seconds, series, faulty);
  const together = await runFirstHour(setupOf, seconds, series, faulty);
  return {
    ...{ seconds, siblings, alone, with: together },
    aloneLiveAfter: await liveAfter(() => setup, seconds),
    liveAfter: await liveAfter(setupOf, seconds),
  };
}

type SavedCohort = readonly [number: number, bytes: Uint8Array];

async function growCohort(
  setup: ScoringSetup,
  metricClass: MetricClass,
  seconds: number,
  siblings: number,
): Promise<readonly SavedCohort[]> {
  const book = new CohortBook();
  const intervalMs = seconds * 1000;
  const points = Math.max(GROWN_POINTS, Math.ceil((1.01 * HOUR_MS) / intervalMs));
  for (let i = 0; i < siblings; i++) {
    const seed = SIBLING_SEED + CLASS_SEEDS * metricClasses.indexOf(metricClass) + i;
    const own = new Siblings(book, () => identity(metricClass, `sibling ${i}`));
    const { timestamps, values } = fleetSeries({ seed, metricClass, points, intervalMs });
    const earlier = timestamps.map((ms) => ms - BEFORE_MS);
    await scoreRows({ ...setup, siblings: () => own }, { timestamps: earlier, values });
  }
  return [...book.takeChanged()];
}

function bookOf(saved: readonly SavedCohort[]): CohortBook {
  const book = new CohortBook();
  for (const [number, bytes] of saved) book.restore(number, bytes);
  return book;
}

function identity(name: string, series: string): { tenant: string; name: string; series: string } {
  return { tenant: 'acme', name, series };
}

/** Points until a new series of each class was live, the most of them. */
async function liveAfter(
  setupOf: (metricClass: MetricClass) => ScoringSetup,
  seconds: number,
): Promise<number> {
  let most = 0;
  for (const metricClass of metricClasses) {
    const intervalMs = seconds * 1000;
    const young = fleetSeries({ seed: 1, metricClass, points: GROWN_POINTS, intervalMs });
    most = Math.max(most, (await scoreRows(setupOf(metricClass), young)).liveAfter);
  }
  return most;
}
