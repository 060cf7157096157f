/** Where a stage of this worker stands. */
export type StagePhase = 'starting' | 'running' | 'rebuilding' | 'failed' | 'stopped';

/** What is known of a running stage when somebody asks for its health. Times are seconds. */
export interface StageCondition {
  readonly stage: string;
  readonly phase: StagePhase;
  /** What the stage was rebuilt or ended for, if it was. */
  readonly fault: string | undefined;
  /** Whether the group has told which partitions are ours. */
  readonly joined: boolean;
  /** Assigned partitions whose state is still being restored. */
  readonly restoring: readonly number[];
  /** Why the last write or look at the topics failed; `undefined` when it did not. */
  readonly writeFault: string | undefined;
  /** Age of the oldest kernel call and of the write under way; 0 when there is none. */
  readonly oldestCallSeconds: number;
  readonly writeSeconds: number;
}

/** How old calls and writes may get before a stage counts as stuck, in seconds. */
export interface HealthLimits {
  readonly callSeconds: number;
  readonly writeSeconds: number;
}

/** Health of one stage: `reason` says why it is not what was asked for. */
export interface StageVerdict {
  readonly stage: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** Health of the worker as one body of JSON. */
export interface HealthVerdict {
  readonly status: 'ok' | 'failing';
  readonly stages: readonly StageVerdict[];
}

/** Judges whether the worker lives: no stage has ended by a fault, and none is stuck in a call or a write. */
export function judgeLive(
  conditions: readonly StageCondition[],
  limits: HealthLimits,
): HealthVerdict {
  return verdict(conditions, (condition) => whyDead(condition, limits));
}

/** Judges whether the worker is ready: every stage has its partitions restored and can write. */
export function judgeReady(
  conditions: readonly StageCondition[],
  limits: HealthLimits,
): HealthVerdict {
  return verdict(conditions, (condition) => whyDead(condition, limits) ?? whyNotReady(condition));
}

function whyDead(
  { phase, fault, oldestCallSeconds, writeSeconds }: StageCondition,
  limits: HealthLimits,
): string | undefined {
  if (phase === 'failed') return `ended: ${fault ?? 'no reason known'}`;
  if (oldestCallSeconds > limits.callSeconds) {
    return `stuck: a kernel call has been under way for ${seconds(oldestCallSeconds)}`;
  }
  if (writeSeconds > limits.writeSeconds) {
    return `stuck: a write has been under way for ${seconds(writeSeconds)}`;
  }
  return undefined;
}

function whyNotReady(condition: StageCondition): string | undefined {
  const { phase, fault, joined, restoring, writeFault } = condition;
  if (phase === 'stopped') return 'stopped';
  if (phase === 'rebuilding') return `rebuilding after ${fault ?? 'a fault'}`;
  if (!joined) return 'waiting for its partitions';
  if (restoring.length > 0) return `restoring partition ${restoring.join(', ')}`;
  if (writeFault !== undefined) return `topics cannot be written: ${writeFault}`;
  return undefined;
}

function verdict(
  conditions: readonly StageCondition[],
  why: (condition: StageCondition) => string | undefined,
): HealthVerdict {
  const stages = conditions.map((condition): StageVerdict => {
    const reason = why(condition);
    const { stage } = condition;
    return reason === undefined ? { stage, ok: true } : { stage, ok: false, reason };
  });
  return { status: stages.every(({ ok }) => ok) ? 'ok' : 'failing', stages };
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
