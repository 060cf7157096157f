import type { Decision, DecisionKind } from '../schemas/generated/decision.ts';
import type { SubjectType } from '../schemas/generated/subject-type.ts';
import { KeyedState } from './keyed-state.ts';
import { noSubject } from './no-subject.ts';
import { idBytes } from './stable-id.ts';

const BUCKET_MS = 60_000;
const MAX_EXAMPLES = 3;

/** One thing decided, before repeats are put together. Ids are hex. */
export interface DecisionEntry {
  readonly tenant: string;
  readonly kind: DecisionKind;
  /** Reason by name: a closed set, never an id. */
  readonly code: string;
  readonly outcome: string;
  readonly subjectType: SubjectType;
  readonly subjectId: string;
  /** One sentence for people, the same for all repeats. */
  readonly text: string;
  readonly anomalyId?: string | undefined;
  readonly alertId?: string | undefined;
  readonly incidentId?: string | undefined;
  readonly notificationId?: string | undefined;
  readonly ruleId?: string | null | undefined;
  readonly ruleVersion?: number | null | undefined;
}

interface Bucket {
  readonly seq: number;
  readonly first: DecisionEntry;
  fromMs: number;
  lastMs: number;
  count: number;
  readonly examples: string[];
}

/**
 * Puts decisions of one tenant, code and rule within a minute together into one record.
 *
 * A decision has its id, `<stage>/<partition>/<seq>`, from the first repeat on, so that other
 * records can name it before it is written. Minutes are those of the time handed in; a minute that
 * was closed must not come again.
 */
export class DecisionLog {
  readonly buckets = new KeyedState<Bucket>();
  readonly #stage: string;
  readonly #partition: number;
  #seq = 0;

  constructor(stage: string, partition: number) {
    this.#stage = stage;
    this.#partition = partition;
  }

  /** Next sequence number; saved by the owner. */
  get seq(): number {
    return this.#seq;
  }

  set seq(value: number) {
    this.#seq = value;
  }

  /**
   * Notes a decision taken at `nowMs`.
   *
   * @returns its id, and the key and time of a bucket that it opened, to be closed then by `close`.
   */
  note(
    entry: DecisionEntry,
    nowMs: number,
  ): { id: string; opened?: { key: string; dueMs: number } } {
    const minute = Math.floor(nowMs / BUCKET_MS);
    const key = JSON.stringify([minute, entry.tenant, entry.kind, entry.code, entry.ruleId ?? '']);
    const bucket = this.buckets.get(key);
    if (bucket === undefined) {
      const opened: Bucket = {
        seq: this.#seq++,
        first: entry,
        fromMs: nowMs,
        lastMs: nowMs,
        count: 1,
        examples: [entry.subjectId],
      };
      this.buckets.set(key, opened);
      const dueMs = (minute + 1) * BUCKET_MS;
      return { id: this.#id(opened), opened: { key, dueMs } };
    }
    bucket.count++;
    bucket.fromMs = Math.min(bucket.fromMs, nowMs);
    bucket.lastMs = Math.max(bucket.lastMs, nowMs);
    const isNew = !bucket.examples.includes(entry.subjectId);
    if (isNew && bucket.examples.length < MAX_EXAMPLES) bucket.examples.push(entry.subjectId);
    this.buckets.touch(key);
    return { id: this.#id(bucket) };
  }

  /** Ends a bucket and returns its record. */
  close(key: string): Decision | undefined {
    const bucket = this.buckets.get(key);
    if (bucket === undefined) return undefined;
    this.buckets.delete(key);
    const { first, count } = bucket;
    // What belongs to one subject only would be wrong on a record that speaks of several.
    const single = count === 1 ? first : undefined;
    return {
      id: this.#id(bucket),
      tenant: first.tenant,
      atMs: bucket.fromMs,
      stage: this.#stage,
      kind: first.kind,
      outcome: first.outcome,
      code: first.code,
      subjectType: first.subjectType,
      subjectId: first.subjectId,
      ...noSubject,
      anomalyId: optionalId(single?.anomalyId),
      alertId: optionalId(single?.alertId),
      incidentId: optionalId(single?.incidentId),
      notificationId: optionalId(single?.notificationId),
      ruleId: first.ruleId ?? null,
      ruleVersion: first.ruleVersion ?? null,
      actor: { type: 'STAGE', id: this.#stage },
      inputs: {},
      text: first.text,
      examples: count === 1 ? [] : bucket.examples,
      count,
      fromMs: bucket.fromMs,
      toMs: bucket.lastMs + 1,
    };
  }

  #id(bucket: Bucket): string {
    return `${this.#stage}/${this.#partition}/${bucket.seq}`;
  }
}

/** The end of the minute of an open bucket, from its key. */
export function bucketEndMs(key: string): number {
  return ((JSON.parse(key) as [number])[0] + 1) * BUCKET_MS;
}

function optionalId(hex: string | undefined): Uint8Array | null {
  return hex === undefined ? null : idBytes(hex);
}
