import type { Season } from '../../operators/detect/calendar.ts';
import { defaultSettings } from '../../operators/detect/detect-input.ts';
import type { Scorer } from '../scorer.ts';
import { dataFigures, figureNames, runData } from './data-run.ts';
import type { LabelledSeries } from './labelled-data.ts';
import { table } from './report-table.ts';

const tiers: readonly (readonly [name: string, season: Season])[] = [
  ['T0 only', 'none'],
  ['default', 'daily'],
  ['T2 for all', 'weekly'],
];

/** Makes the table of what the labelled data say with fewer tiers, by default, and with all for every series. */
export async function tierPart(
  scorer: Scorer,
  nab: readonly LabelledSeries[],
  kpi: readonly LabelledSeries[],
): Promise<string> {
  const head = [''];
  const columns: string[][] = [];
  for (const [set, all] of [
    ['NAB', nab],
    ['KPI', kpi],
  ] as const) {
    for (const [name, season] of tiers) {
      head.push(`${set}, ${name}`);
      const runs = await runData({ scorer, settings: { ...defaultSettings, season } }, all);
      columns.push(dataFigures(runs, set === 'NAB'));
    }
  }
  return table(
    head,
    figureNames.map((name, i) => [name, ...columns.map((column) => column[i] ?? '')]),
  );
}
