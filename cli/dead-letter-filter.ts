import { parseTimestamp } from '../pipelines/producers/timestamp-text.ts';
import { topology } from '../pipelines/topology.ts';
import { errorCatalogue } from '../runtime/errors.ts';
import { nearestWord } from '../runtime/options/nearest-word.ts';
import { readDurationMs } from '../runtime/options/quantity.ts';
import type { DeadLetterRow } from './dead-letter-row.ts';
import { CommandFailure, exitCode } from './exit-code.ts';

/** Which dead letters are meant; what is absent is not looked at. */
export interface DeadLetterFilter {
  /** Error codes, any of them. */
  readonly code?: readonly string[];
  readonly stage?: string;
  readonly tenant?: string;
  /** When the refused record was written: a time, or how long ago (`2h`). */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
}

/** Whether a dead letter is meant. */
export type DeadLetterTest = (row: DeadLetterRow) => boolean;

/**
 * Reads a filter as it was typed.
 *
 * @param nowMs what a time ago counts from.
 * @throws CommandFailure (exit 2) for a code, stage or time that there is not.
 */
export function deadLetterTest(filter: DeadLetterFilter, nowMs: number): DeadLetterTest {
  const { code: codes = [], stage, tenant } = filter;
  for (const code of codes) {
    requireWord('--code', 'error code', code, Object.keys(errorCatalogue));
  }
  const stages = topology.map(({ name }) => name);
  if (stage !== undefined) requireWord('--stage', 'stage', stage, stages);
  const fromMs = timeOf('--from', filter.from, nowMs) ?? Number.NEGATIVE_INFINITY;
  const toMs = timeOf('--to', filter.to, nowMs) ?? Number.POSITIVE_INFINITY;
  return (row) =>
    (codes.length === 0 || codes.includes(row.code)) &&
    (stage === undefined || row.stage === stage) &&
    (tenant === undefined || row.tenant === tenant) &&
    row.timestampMs >= fromMs &&
    row.timestampMs < toMs;
}

function requireWord(option: string, kind: string, word: string, known: readonly string[]): void {
  if (known.includes(word)) return;
  const nearest = nearestWord(word, known);
  const hint =
    nearest === undefined ? `There are: ${known.join(', ')}` : `Did you mean ${nearest}?`;
  throw new CommandFailure(`${option}: there is no ${kind} ${word}`, exitCode.usage, hint);
}

function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const agoMs = readDurationMs(text);
  const ms = agoMs === undefined ? parseTimestamp(text) : nowMs - agoMs;
  if (ms !== undefined) return ms;
  throw new CommandFailure(
    `${option}: "${text}" is no time`,
    exitCode.usage,
    'Expected a time such as 2026-11-24T09:00Z, or how long ago, such as 90m.',
  );
}
