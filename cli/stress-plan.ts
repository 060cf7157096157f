import { readDurationMs } from '../runtime/options/quantity.ts';
import { CommandFailure, exitCode } from './exit-code.ts';

/** Loads that can be asked for. */
export const stressKinds = ['cpu', 'mem', 'disk'] as const;

/** A load of one kind. */
export type StressKind = (typeof stressKinds)[number];

/** A load, when it begins after the start of the run, and how long it lasts. */
export interface StressPlan {
  readonly kind: StressKind;
  readonly atMs: number;
  readonly durationMs: number;
}

/** How long a load lasts. */
export const STRESS_DURATION_MS = 20_000;

/**
 * Reads `cpu@60s`: the load and when it begins.
 *
 * @throws CommandFailure (exit 2) with what was expected.
 */
export function parseStressPlan(text: string): StressPlan {
  const [kind, at] = text.split('@');
  const atMs = at === undefined ? undefined : readDurationMs(at);
  if (!stressKinds.includes(kind as StressKind) || atMs === undefined) {
    throw new CommandFailure(
      `--stress: expected cpu, mem or disk and a time, such as cpu@60s; received "${text}"`,
      exitCode.usage,
    );
  }
  return { kind: kind as StressKind, atMs, durationMs: STRESS_DURATION_MS };
}
