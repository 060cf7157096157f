import type { Decision, DecisionKind } from '../schemas/generated/decision.ts';
import { noSubject } from './no-subject.ts';

const MINUTE_MS = 60_000;
const MOST_EXAMPLES = 3;
const MOST_OPEN = 1000;

/** A thing that was decided about records of a tenant. */
export interface DecisionNote {
  readonly tenant: string;
  readonly kind: DecisionKind;
  readonly code: string;
  readonly outcome: string;
  /** Event time, epoch ms: decides which minute the note is counted in. */
  readonly atMs: number;
  readonly count: number;
  /** Where it happened (topic/partition/offset or a metric name), never a payload. */
  readonly example: string;
}

interface OpenDecision {
  readonly tenant: string;
  readonly kind: DecisionKind;
  readonly code: string;
  readonly outcome: string;
  readonly fromMs: number;
  toMs: number;
  count: number;
  readonly examples: string[];
}

interface SavedDecisions {
  readonly sequence: number;
  readonly open: readonly OpenDecision[];
}

/**
 * Counts decisions by tenant, kind, code, outcome and event-time minute into one record each, with up to three
 * different examples.
 *
 * A minute’s record leaves when a later minute of the same key comes, when a tick says that it is over, or when 1,000
 * are open (oldest first). What is open is part of the task’s state.
 */
export class DecisionTally {
  readonly #stage: string;
  readonly #partition: number;
  readonly #open = new Map<string, OpenDecision>();
  readonly #ready: OpenDecision[] = [];
  #sequence = 0;
  #dirty = false;

  constructor(stage: string, partition: number) {
    this.#stage = stage;
    this.#partition = partition;
  }

  note({ tenant, kind, code, outcome, atMs, count, example }: DecisionNote): void {
    this.#dirty = true;
    const key = keyOf({ tenant, kind, code, outcome });
    const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    let open = this.#open.get(key);
    if (open !== undefined && minuteMs > open.fromMs) {
      this.#close(key, open);
      open = undefined;
    }
    if (open === undefined) {
      open = {
        tenant,
        kind,
        code,
        outcome,
        fromMs: minuteMs,
        toMs: minuteMs + MINUTE_MS,
        count: 0,
        examples: [],
      };
      this.#open.set(key, open);
    }
    open.count += count;
    const isNew = !open.examples.includes(example);
    if (isNew && open.examples.length < MOST_EXAMPLES) open.examples.push(example);
    const [oldest] = this.#open;
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#close(oldest[0], oldest[1]);
  }

  /** Ends the minutes that were over at a time: by ticks in the task’s input, never by a clock. */
  advance(toMs: number): void {
    for (const [key, open] of [...this.#open]) {
      if (open.toMs > toMs) continue;
      this.#close(key, open);
      this.#dirty = true;
    }
  }

  /** Hands over the records that are complete. */
  drain(emit: (decision: Decision) => void): void {
    for (const done of this.#ready.splice(0)) emit(this.#record(done));
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const saved: SavedDecisions = { sequence: this.#sequence, open: [...this.#open.values()] };
    return Buffer.from(JSON.stringify(saved));
  }

  restore(bytes: Uint8Array): void {
    const { sequence, open } = JSON.parse(Buffer.from(bytes).toString()) as SavedDecisions;
    this.#sequence = sequence;
    for (const each of open) this.#open.set(keyOf(each), each);
  }

  #close(key: string, open: OpenDecision): void {
    this.#open.delete(key);
    this.#ready.push(open);
  }

  #record(done: OpenDecision): Decision {
    this.#sequence += 1;
    const { tenant, kind, code, outcome, fromMs, toMs, count, examples } = done;
    return {
      id: `${this.#stage}/${this.#partition}/${this.#sequence}`,
      tenant,
      atMs: fromMs,
      stage: this.#stage,
      kind,
      outcome,
      code,
      subjectType: 'UNKNOWN',
      subjectId: '',
      ...noSubject,
      actor: { type: 'STAGE', id: this.#stage },
      inputs: {},
      text: '',
      examples,
      count,
      fromMs,
      toMs,
    };
  }
}

function keyOf({
  tenant,
  kind,
  code,
  outcome,
}: Pick<DecisionNote, 'tenant' | 'kind' | 'code' | 'outcome'>): string {
  return `${tenant}\u0000${kind}\u0000${code}\u0000${outcome}`;
}
