import type { AwkwardCase, Span } from './case-courses.ts';
import { type ScoringSetup, scoreRows } from './score-rows.ts';

/** How a case went. */
export interface CaseVerdict {
  readonly name: string;
  /** Spans in which an onset was expected and none started, hours from the start. */
  readonly missed: readonly string[];
  /** Onsets where none may be, hours from the start. */
  readonly unwanted: readonly number[];
}

const HOUR_MS = 3_600_000;

/** Scores a case and holds its onsets against what it asks. */
export async function judgeCase(setup: ScoringSetup, one: AwkwardCase): Promise<CaseVerdict> {
  const own = one.settings === undefined ? setup : { ...setup, settings: one.settings };
  const { onsets } = await scoreRows(own, one.series);
  const { timestamps } = one.series;
  const startMs = timestamps[0] ?? 0;
  const at: number[] = [];
  for (const [i, onset] of onsets.entries()) {
    if (onset > 0) at.push((timestamps[i] as number) - startMs);
  }
  const within = (ms: number, [from, to]: Span) => ms >= from && ms < to;
  return {
    name: one.name,
    missed: one.expected
      .filter((span) => !at.some((ms) => within(ms, span)))
      .map(([from, to]) => `${from / HOUR_MS}–${to / HOUR_MS}`),
    unwanted: at
      .filter((ms) => one.forbidden.some((span) => within(ms, span)))
      .map((ms) => Math.round((10 * ms) / HOUR_MS) / 10),
  };
}

/** Whether a case went as it should. */
export function passed({ missed, unwanted }: CaseVerdict): boolean {
  return missed.length === 0 && unwanted.length === 0;
}
