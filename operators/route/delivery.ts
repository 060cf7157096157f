import type { Notification } from '../../schemas/generated/notification.ts';
import { idHex } from '../stable-id.ts';

/** Terms of a sink, processing time. */
export interface DeliveryTerms {
  /** Attempts before a failure is final. */
  readonly maxAttempts: number;
  /** Wait before the second attempt; doubles with each. */
  readonly retryMs: number;
  /**
   * A notification that was planned longer ago than this is dropped, unless it is the first or the
   * end.
   */
  readonly maxAgeMs: number;
}

/** What came of an attempt: the answer was good, bad, or did not come. */
export interface AttemptResult {
  readonly state: 'SENT' | 'FAILED' | 'UNKNOWN';
  /** Error or status code by name; null when none. */
  readonly code: string | null;
  /** False where trying again cannot help, as with a refused request. */
  readonly canRetry: boolean;
}

/**
 * Keeps what a sink must know to execute planned notifications, on one partition of
 * `notifications`.
 *
 * The protocol. A sink reads `notifications` in order. Every record goes through `take`: a PLANNED
 * one that has no final outcome yet is returned, to be sent with its `idempotencyKey`; outcomes are
 * noted. After an attempt the sink writes the record of `outcome` to the same partition, and only
 * then commits the offset of the PLANNED record, so a crash in between leads to a second attempt
 * with the same key and never to a lost one. ROUTE reads the outcomes; a final failure makes it
 * plan the same notification again, later, with the attempts so far.
 */
export class DeliveryLog {
  readonly #terms: DeliveryTerms;
  readonly #receivers: ReadonlySet<string>;
  readonly #maxRemembered: number;
  /** Attempts of notifications that have a final outcome, oldest first. */
  readonly #final = new Map<string, number>();

  constructor(terms: DeliveryTerms, receivers: Iterable<string>, maxRemembered = 10_000) {
    this.#terms = terms;
    this.#receivers = new Set(receivers);
    this.#maxRemembered = maxRemembered;
  }

  /** Takes a record in; returns it when it is to be sent now by one of this sink’s receivers. */
  take(notification: Notification): Notification | undefined {
    if (!this.#receivers.has(notification.receiver)) return undefined;
    const id = idHex(notification.id);
    if (notification.state !== 'PLANNED') {
      if (isFinal(notification)) this.#remember(id, notification.attempt);
      return undefined;
    }
    const attempts = this.#final.get(id);
    return attempts !== undefined && attempts > notification.attempt ? undefined : notification;
  }

  /**
   * The outcome to write instead of sending when a notification is too old to be of use; undefined:
   * send it.
   */
  stale(notification: Notification, nowMs: number): Notification | undefined {
    const { reason, plannedMs } = notification;
    const isKept = reason === 'FIRST' || reason === 'RESOLVED' || reason === 'DIGEST';
    if (isKept || nowMs - plannedMs <= this.#terms.maxAgeMs) return undefined;
    const attempt = notification.attempt + 1;
    return { ...notification, state: 'DROPPED', code: 'STALE', attempt, payload: null };
  }

  /**
   * The record of an attempt that was made at `nowMs`.
   *
   * `attempt` counts all attempts of the notification. A failure is final when `retryAtMs` is null.
   * The payload is not written again: its hash stays.
   */
  outcome(
    notification: Notification,
    tried: number,
    result: AttemptResult,
    nowMs: number,
  ): Notification {
    const { maxAttempts, retryMs } = this.#terms;
    const sentMs = result.state === 'FAILED' ? null : nowMs;
    const isTimed = sentMs !== null && notification.startMs !== null;
    const isRetried = result.state === 'FAILED' && result.canRetry && tried < maxAttempts;
    return {
      ...notification,
      state: result.state,
      code: result.code,
      attempt: notification.attempt + tried,
      retryAtMs: isRetried ? nowMs + retryMs * 2 ** (tried - 1) : null,
      sentMs,
      onsetDelayMs: isTimed ? sentMs - notification.startMs : null,
      payload: null,
    };
  }

  #remember(id: string, attempts: number): void {
    this.#final.delete(id);
    this.#final.set(id, attempts);
    const [oldest] = this.#final.keys();
    if (this.#final.size > this.#maxRemembered && oldest !== undefined) this.#final.delete(oldest);
  }
}

/** Tells whether an outcome ends the attempts that a sink makes by itself. */
export function isFinal(outcome: Notification): boolean {
  if (outcome.state === 'FAILED') return outcome.retryAtMs === null;
  return outcome.state === 'SENT' || outcome.state === 'UNKNOWN' || outcome.state === 'DROPPED';
}
