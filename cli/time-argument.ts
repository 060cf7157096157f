import { parseTimestamp } from '../pipelines/producers/timestamp-text.ts';
import { readDurationMs } from '../runtime/options/quantity.ts';
import { CommandFailure, exitCode } from './exit-code.ts';

/**
 * Reads a time as it was typed: a time stamp, or how long ago (`2h`); undefined when nothing was.
 *
 * @param nowMs what a time ago counts from.
 * @throws CommandFailure (exit 2) for what is neither.
 */
export function timeArgument(
  option: string,
  text: string | undefined,
  nowMs: number,
): number | undefined {
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
