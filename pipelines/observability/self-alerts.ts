import type { StagePhase } from '../../runtime/metrics/health.ts';

/** What can be wrong with a worker, by name; each has a page in docs/runbooks. */
export const selfAlertNames = [
  'stage_stopped',
  'no_series_scored',
  'lag_growing',
  'stuck_worker',
  'silent_discard',
  'memory_short',
] as const;

/** Name of a self-alert. */
export type SelfAlertName = (typeof selfAlertNames)[number];

/** Figures of one stage at one time. Counts only rise while the worker runs. */
export interface StageSample {
  readonly stage: string;
  readonly phase: StagePhase;
  readonly fault: string | undefined;
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly settledRecords: number;
  /** Points in, less points out, dead-lettered and dropped. */
  readonly unaccountedPoints: number;
  /** Points dropped, but for those that are dropped as a matter of course. */
  readonly droppedPoints: number;
  /** Of these, points of series that there was no memory for. */
  readonly refusedPoints: number;
  /** Dead letters counted by kernels, and dead letters acknowledged by the transport. */
  readonly deadLettersCounted: number;
  readonly deadLettersWritten: number;
  readonly decisionsWritten: number;
  readonly kernelTimeouts: number;
  readonly oldestCallSeconds: number;
}

/** Figures of the worker at one time. `atMs` is monotonic; `scored` is absent where detect does not run. */
export interface WorkerSample {
  readonly atMs: number;
  readonly stages: readonly StageSample[];
  readonly scored?: { readonly points: number; readonly series: number; readonly pointsIn: number };
}

/** What counts as an alert. Times are ms. */
export interface SelfAlertLimits {
  readonly expectedIntervalMs: number;
  readonly stallMs: number;
  readonly windowMs: number;
  readonly minLagMs: number;
  readonly kernelTimeoutMs: number;
}

/** A self-alert that is on: which stage, and what was seen. */
export interface SelfAlert {
  readonly name: SelfAlertName;
  readonly stage: string;
  readonly detail: string;
}

/** Intervals without a scored point after which nothing counts as scored. */
const SILENT_INTERVALS = 3;

/** A stage’s samples, oldest first, beside the time of each. */
type StageHistory = readonly (StageSample & { readonly atMs: number })[];

/** The longest time that `selfAlerts` looks back, ms. */
export function longestLookBackMs(limits: SelfAlertLimits): number {
  const { expectedIntervalMs, stallMs, windowMs } = limits;
  return Math.max(SILENT_INTERVALS * expectedIntervalMs, stallMs, windowMs);
}

/**
 * Tells what is wrong with a worker from its figures over time.
 *
 * A pure function: the same samples give the same alerts. `deploy/prometheus/vigie.rules.yml` says the same in PromQL.
 * What needs a length of time is silent until the samples reach that far back.
 *
 * @param samples oldest first; the last is now. None: no alert.
 */
export function selfAlerts(
  samples: readonly WorkerSample[],
  limits: SelfAlertLimits,
): readonly SelfAlert[] {
  const alerts: SelfAlert[] = [];
  const now = samples.at(-1);
  if (now === undefined) return alerts;
  const note = (name: SelfAlertName, stage: string, detail: string | undefined): void => {
    if (detail !== undefined) alerts.push({ name, stage, detail });
  };
  note('no_series_scored', 'detect', nothingScored(samples, limits));
  for (const { stage } of now.stages) {
    const history = historyOf(stage, samples);
    note('stage_stopped', stage, stopped(history, limits));
    note('lag_growing', stage, lagGrowing(history, limits));
    note('stuck_worker', stage, stuck(history, limits));
    note('silent_discard', stage, discarding(history, limits));
    note('memory_short', stage, refusing(history, limits));
  }
  return alerts;
}

function stopped(history: StageHistory, { stallMs }: SelfAlertLimits): string | undefined {
  const now = history.at(-1);
  if (now?.phase === 'failed') return `ended: ${now.fault ?? 'no reason known'}`;
  const then = reaching(history, stallMs);
  if (now === undefined || then === undefined || now.phase === 'stopped') return undefined;
  const isWaiting = then.every(({ lagRecords }) => lagRecords > 0);
  if (!isWaiting || now.settledRecords > (then[0]?.settledRecords ?? 0)) return undefined;
  return `${now.lagRecords} records wait, none was settled for ${stallMs / 1000} s`;
}

function nothingScored(
  samples: readonly WorkerSample[],
  { expectedIntervalMs }: SelfAlertLimits,
): string | undefined {
  const spanMs = SILENT_INTERVALS * expectedIntervalMs;
  const [first, ...rest] = reaching(samples, spanMs) ?? [];
  const last = rest.at(-1);
  if (first?.scored === undefined || last?.scored === undefined) return undefined;
  if (last.scored.points > first.scored.points) return undefined;
  const pointsIn = last.scored.pointsIn - first.scored.pointsIn;
  const span = `${spanMs / 1000} s`;
  if (pointsIn > 0) return `${pointsIn} points came in, none was scored for ${span}`;
  if (last.scored.series === 0) return undefined;
  return `no points came for ${last.scored.series} series for ${span}`;
}

function lagGrowing(
  history: StageHistory,
  { windowMs, minLagMs }: SelfAlertLimits,
): string | undefined {
  const window = reaching(history, windowMs);
  const now = history.at(-1);
  if (window === undefined || now === undefined || now.lagSeconds * 1000 < minLagMs)
    return undefined;
  const middleMs = now.atMs - windowMs / 2;
  const before = window.filter(({ atMs }) => atMs <= middleMs).map(({ lagRecords }) => lagRecords);
  const after = window.filter(({ atMs }) => atMs > middleMs).map(({ lagRecords }) => lagRecords);
  // Above everything of the first half, all through the second: a burst that is worked off does not count.
  if (before.length === 0 || Math.min(...after) <= Math.max(...before)) return undefined;
  const from = Math.max(...before);
  return `from ${from} to ${now.lagRecords} records, ${Math.round(now.lagSeconds)} s old`;
}

function stuck(
  history: StageHistory,
  { windowMs, kernelTimeoutMs }: SelfAlertLimits,
): string | undefined {
  const now = history.at(-1);
  if (now === undefined) return undefined;
  if (now.oldestCallSeconds * 1000 > kernelTimeoutMs)
    return `a kernel call has been under way for ${now.oldestCallSeconds.toFixed(1)} s`;
  const recent = history.filter(({ atMs }) => atMs >= now.atMs - windowMs);
  // The worker began with no time-outs: the first sample may already have one.
  const before = recent.length === history.length ? 0 : (recent[0]?.kernelTimeouts ?? 0);
  const timeouts = now.kernelTimeouts - before;
  return timeouts > 0 ? `${timeouts} kernel calls were given up at their deadline` : undefined;
}

function discarding(history: StageHistory, { windowMs }: SelfAlertLimits): string | undefined {
  const now = history.at(-1);
  if (now === undefined) return undefined;
  if (now.unaccountedPoints !== 0)
    return `${now.unaccountedPoints} points are neither passed on, dead-lettered nor counted as dropped`;
  const window = reaching(history, windowMs);
  const first = window?.[0];
  if (window === undefined || first === undefined) return undefined;
  const owed = first.deadLettersCounted - now.deadLettersWritten;
  if (owed > 0) return `${owed} dead letters were counted and not written`;
  const middle = window.findLast(({ atMs }) => atMs <= now.atMs - windowMs / 2) ?? first;
  const isDropping =
    middle.droppedPoints > first.droppedPoints && now.droppedPoints > middle.droppedPoints;
  const isTold =
    now.decisionsWritten > first.decisionsWritten ||
    now.deadLettersWritten > first.deadLettersWritten;
  if (!isDropping || isTold) return undefined;
  const points = now.droppedPoints - first.droppedPoints;
  return `${points} points were dropped, with no decision and no dead letter to say so`;
}

function refusing(history: StageHistory, { windowMs }: SelfAlertLimits): string | undefined {
  const now = history.at(-1);
  if (now === undefined) return undefined;
  // The worker began with none refused: the first sample may already have some.
  const before = reaching(history, windowMs)?.[0]?.refusedPoints ?? 0;
  const points = now.refusedPoints - before;
  if (points <= 0) return undefined;
  return `${points} points of new series were dropped: there is no memory for them`;
}

function historyOf(stage: string, samples: readonly WorkerSample[]): StageHistory {
  return samples.flatMap(({ atMs, stages }) => {
    const found = stages.find((each) => each.stage === stage);
    return found === undefined ? [] : [{ ...found, atMs }];
  });
}

/** The samples of the last `spanMs` with the one at or before their beginning; `undefined` when they begin later. */
function reaching<T extends { readonly atMs: number }>(
  samples: readonly T[],
  spanMs: number,
): readonly T[] | undefined {
  const now = samples.at(-1);
  if (now === undefined) return undefined;
  const start = samples.findLastIndex(({ atMs }) => atMs <= now.atMs - spanMs);
  return start < 0 ? undefined : samples.slice(start);
}
