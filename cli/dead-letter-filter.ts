import { topology } from '../pipelines/topology.ts';
import { errorCatalogue } from '../runtime/errors.ts';
import { nearestWord } from '../runtime/options/nearest-word.ts';
import type { DeadLetterRow } from './dead-letter-row.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { timeArgument } from './time-argument.ts';

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
  const fromMs = timeArgument('--from', filter.from, nowMs) ?? Number.NEGATIVE_INFINITY;
  const toMs = timeArgument('--to', filter.to, nowMs) ?? Number.POSITIVE_INFINITY;
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
