import { defaultSettings } from '../../operators/detect/detect-input.ts';
import { Sequencer, sequenceColumns } from '../../operators/enrich/sequencer.ts';
import { PagedTable } from '../../runtime/state/paged-table.ts';
import { gaussian, seededRandom } from '../seeded-random.ts';
import { calendarCases } from './calendar-cases.ts';
import {
  type AwkwardCase,
  type Course,
  DAY_MS,
  FIVE_MS,
  HOUR_MS,
  level,
  MARCH_MS,
  MINUTE_MS,
  ordinary,
  type Span,
  seriesOf,
} from './case-courses.ts';
import type { SeriesPoints } from './fleet-series.ts';

/** Makes the cases; the same `seed` gives the same points. */
export function awkwardCases(seed: number): AwkwardCase[] {
  return [...calendarCases(seed), ...brokenCases(seed), ...levelCases(seed), ...scaleCases(seed)];
}

function brokenCases(seed: number): AwkwardCase[] {
  const flow = seriesOf({ days: 10, intervalMs: MINUTE_MS, course: ordinary }, seed + 3);
  const without = flow.timestamps.map((ms) => ms - MARCH_MS);
  const gap: Span = [8 * DAY_MS + 10 * HOUR_MS, 8 * DAY_MS + 16 * HOUR_MS];
  const outage: Span = [8 * DAY_MS + 10 * HOUR_MS, 8 * DAY_MS + 11 * HOUR_MS];
  const inside = (i: number, [from, to]: Span) =>
    (without[i] ?? 0) >= from && (without[i] ?? 0) < to;
  return [
    {
      name: 'a counter that starts anew',
      series: counterRates(seed),
      expected: [],
      forbidden: [[0, 7 * DAY_MS]],
    },
    {
      name: 'a gap of six hours',
      series: {
        timestamps: flow.timestamps.filter((_, i) => !inside(i, gap)),
        values: flow.values.filter((_, i) => !inside(i, gap)),
      },
      expected: [],
      forbidden: [[gap[0], 10 * DAY_MS]],
    },
    {
      name: 'requests stop for an hour',
      series: { ...flow, values: flow.values.map((v, i) => (inside(i, outage) ? 0 : v)) },
      expected: [[outage[0], outage[0] + 10 * MINUTE_MS]],
      forbidden: [[2 * DAY_MS, outage[0]]],
    },
    {
      name: 'back from maintenance of two hours at zero',
      series: {
        ...flow,
        values: flow.values.map((v, i) => (inside(i, [gap[0], gap[0] + 2 * HOUR_MS]) ? 0 : v)),
      },
      expected: [],
      forbidden: [[gap[0] + 2 * HOUR_MS, 10 * DAY_MS]],
    },
    {
      name: 'points that come twice or late',
      series: repeated(flow),
      expected: [],
      forbidden: [[2 * DAY_MS, 10 * DAY_MS]],
    },
  ];
}

/** A counter of about 50 a second that is reset three times, as ENRICH turns it into rates. */
function counterRates(seed: number): SeriesPoints {
  const random = seededRandom(seed + 4);
  const points = 7 * 1440;
  const table = new PagedTable(sequenceColumns, { rowsPerPage: 1, pagesPerSlab: 1 });
  const timestamps = Float64Array.from({ length: points }, (_, i) => MARCH_MS + i * MINUTE_MS);
  let total = 0;
  const values = timestamps.map((_, i) => {
    const more = Math.round(3000 + 55 * gaussian(random));
    // A restart some time within the minute: what came before it is lost.
    total = i === 2500 || i === 6000 || i === 9000 ? Math.round(random() * more) : total + more;
    return total;
  });
  const sequencer = new Sequencer(table);
  const counts = {
    accepted: 0,
    duplicates: 0,
    outOfOrder: 0,
    counterBases: 0,
    counterResets: 0,
    ended: 0,
    overflows: 0,
  };
  sequencer.run(table.allocate(), timestamps, values, 0, points, true, counts);
  return {
    timestamps: sequencer.timestamps.slice(0, sequencer.length),
    values: sequencer.values.slice(0, sequencer.length),
  };
}

/** Every tenth point is followed by a wild one at the same time and a wild one from five minutes before. */
function repeated({ timestamps, values }: SeriesPoints): SeriesPoints {
  const rows: [number, number][] = [];
  for (const [i, ms] of timestamps.entries()) {
    rows.push([ms, values[i] as number]);
    if (i % 10 === 9) rows.push([ms, 5000], [ms - FIVE_MS, -5000]);
  }
  return {
    timestamps: Float64Array.from(rows, ([ms]) => ms),
    values: Float64Array.from(rows, ([, value]) => value),
  };
}

function levelCases(seed: number): AwkwardCase[] {
  const step = 7 * DAY_MS + 10 * HOUR_MS;
  const at = (ms: number) => ms - MARCH_MS;
  const plan = (days: number, intervalMs: number, course: Course) =>
    seriesOf({ days, intervalMs, course }, seed + 5);
  return [
    {
      name: 'a step up of 30 % that becomes normal',
      series: plan(14, FIVE_MS, (ms, random) => level(at(ms) < step ? 100 : 130, 3)(ms, random)),
      expected: [[step, step + HOUR_MS]],
      forbidden: [
        [DAY_MS, step],
        [step + 2 * DAY_MS, 14 * DAY_MS],
      ],
    },
    {
      name: 'slow growth of 1 % a day',
      // Sales are a business figure: their weekdays are told apart unless the catalog says otherwise.
      settings: { ...defaultSettings, season: 'weekly' },
      series: plan(30, FIVE_MS, (ms, random) => ordinary(ms, random) * 1.01 ** (at(ms) / DAY_MS)),
      expected: [],
      forbidden: [[8 * DAY_MS, 30 * DAY_MS]],
    },
    {
      name: 'a leak that doubles a level in twelve hours',
      series: plan(8, MINUTE_MS, (ms, random) =>
        level(50 + 50 * Math.max(0, (at(ms) - 7 * DAY_MS) / (12 * HOUR_MS)), 1)(ms, random),
      ),
      expected: [[7 * DAY_MS, 7 * DAY_MS + 6 * HOUR_MS]],
      forbidden: [[DAY_MS, 7 * DAY_MS]],
    },
    {
      name: 'constant, then one change',
      series: plan(6, MINUTE_MS, (ms) => (at(ms) < 3 * DAY_MS ? 8 : 7)),
      expected: [[3 * DAY_MS, 3 * DAY_MS + 5 * MINUTE_MS]],
      forbidden: [
        [0, 3 * DAY_MS],
        [4 * DAY_MS, 6 * DAY_MS],
      ],
    },
  ];
}

function scaleCases(seed: number): AwkwardCase[] {
  const at = (ms: number) => ms - MARCH_MS;
  const plan = (days: number, intervalMs: number, course: Course) =>
    seriesOf({ days, intervalMs, course }, seed + 6);
  return [
    {
      name: 'one point a day',
      series: plan(500, DAY_MS, (ms, random) =>
        at(ms) === 400 * DAY_MS ? 200 : level(100, 5)(ms, random),
      ),
      expected: [[400 * DAY_MS, 402 * DAY_MS]],
      forbidden: [
        [0, 400 * DAY_MS],
        [420 * DAY_MS, 500 * DAY_MS],
      ],
    },
    {
      name: 'one event in an hour, then fifteen in a minute',
      series: plan(14, MINUTE_MS, (ms, random) => {
        if (at(ms) === 12 * DAY_MS) return 15;
        return random() < 1 / 60 ? 1 : 0;
      }),
      expected: [[12 * DAY_MS, 12 * DAY_MS + 3 * MINUTE_MS]],
      forbidden: [
        [DAY_MS, 12 * DAY_MS],
        [13 * DAY_MS, 14 * DAY_MS],
      ],
    },
    {
      name: 'ten to the twelfth and one more or less',
      series: plan(7, MINUTE_MS, (ms, random) =>
        level(at(ms) < 5 * DAY_MS ? 1e12 : 1e12 + 12, 1)(ms, random),
      ),
      expected: [[5 * DAY_MS, 5 * DAY_MS + 10 * MINUTE_MS]],
      forbidden: [
        [DAY_MS, 5 * DAY_MS],
        [6 * DAY_MS, 7 * DAY_MS],
      ],
    },
  ];
}
