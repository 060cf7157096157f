import { youngFaults } from './first-hour.ts';
import { figure, table } from './report-table.ts';
import type { ScoringSetup } from './score-rows.ts';
import { runSiblingHour } from './sibling-hour.ts';

/** Siblings of each class that a new series has. */
const SIBLINGS = 100;
/** One in so many new series has copies with faults. */
const FAULTY = 4;

/** The first hour of new series alone and among siblings, as a table. */
export async function siblingPart(setup: ScoringSetup, series: number): Promise<string> {
  const rows: string[][] = [];
  for (const seconds of [1, 15, 60]) {
    const faulty = Math.ceil(series / FAULTY);
    const run = await runSiblingHour(setup, { seconds, siblings: SIBLINGS, series, faulty });
    const lines = [
      ['alone', run.aloneLiveAfter, run.alone],
      [`${SIBLINGS} siblings`, run.liveAfter, run.with],
    ] as const;
    for (const [name, liveAfter, hour] of lines) {
      const found = youngFaults.map((kind) => {
        const { found, planted } = hour.early.series[kind];
        return `${figure(found / planted)} (${planted})`;
      });
      rows.push([
        ...[`${seconds} s`, name, String(liveAfter), String(series), String(hour.falseOnsets)],
        ...found,
      ]);
    }
  }
  const head = ['interval', '', 'live after points', 'series', 'false onsets in the first hour'];
  return table([...head, ...youngFaults.map((kind) => `${kind} after minute 10`)], rows);
}
