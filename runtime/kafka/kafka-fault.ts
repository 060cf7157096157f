import { PipelineError } from '../errors.ts';
import { KafkaError } from './client.ts';
import type { Pace } from './pace.ts';

/** How long a topic may be unknown to the brokers before it counts as missing; a new one takes a moment. */
const missingTopicMs = 2000;
const firstBackoffMs = 20;
const maxBackoffMs = 500;

/** Kafka’s word for a topic or partition that does not exist, or not yet. */
export const unknownTopic = 'UNKNOWN_TOPIC_OR_PARTITION';

/**
 * Says whether trying again may help, `elapsedMs` after the first attempt.
 *
 * Kafka calls a missing topic retriable; after two seconds it is not coming.
 */
export function mayPass(error: KafkaError, elapsedMs: number): boolean {
  if (error.type === unknownTopic) return elapsedMs < missingTopicMs;
  return error.retriable;
}

/**
 * Gives the pipeline’s error for one of Kafka: `TRANSPORT_UNAVAILABLE` while it may pass, `TRANSPORT_FORBIDDEN` for
 * want of a permission, else `TRANSPORT_REFUSED`.
 *
 * @param operation what was being done, with the topic or group.
 * @param principal who did it, as the brokers name us.
 */
export function toPipelineError(
  thrown: unknown,
  operation: string,
  principal: string,
): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const options = { cause: thrown };
  if (!(thrown instanceof KafkaError)) {
    return new PipelineError('TRANSPORT_REFUSED', `${operation}: ${String(thrown)}`, options);
  }
  if (thrown.missing !== undefined) {
    const { operation: needed, resource, name } = thrown.missing;
    const detail = `${operation}: ${principal} lacks ${needed} on ${resource} ${name}`;
    return new PipelineError('TRANSPORT_FORBIDDEN', detail, options);
  }
  const passing = thrown.retriable && thrown.type !== unknownTopic;
  const code = passing ? 'TRANSPORT_UNAVAILABLE' : 'TRANSPORT_REFUSED';
  return new PipelineError(code, `${operation}: ${thrown.message}`, options);
}

/** Gives a thrown value as a `KafkaError`; anything else is a defect of ours, which no repeat mends. */
export function asKafkaError(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  return new KafkaError('DEFECT', String(thrown), false, { cause: thrown });
}

/** The pause before attempt number `attempt` (1 for the first repeat): doubles from 20 ms up to half a second. */
export function backoffMs(attempt: number): number {
  return Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempt - 1));
}

/** What is tried again, for how long, and by whom. */
export interface Repetition {
  readonly pace: Pace;
  readonly limitMs: number;
  readonly operation: string;
  readonly principal: string;
}

/**
 * Repeats a request while its error may pass, for at most `limitMs`.
 *
 * @throws PipelineError naming the operation.
 */
export async function retrying<T>(
  { pace, limitMs, operation, principal }: Repetition,
  attempt: () => Promise<T>,
): Promise<T> {
  const startedMs = pace.nowMs();
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      const elapsedMs = pace.nowMs() - startedMs;
      const again = error instanceof KafkaError && mayPass(error, elapsedMs) && elapsedMs < limitMs;
      if (!again) throw toPipelineError(error, operation, principal);
      await pace.sleep(backoffMs(count));
    }
  }
}
