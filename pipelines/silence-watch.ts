import { type Subscription, timer } from 'rxjs';
import type { Clock, MonotonicClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { OutboundRecord, Transport } from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import type { InputHead } from './stage-stats.ts';

/** Looks per time-out: a silence is noticed a quarter of it late at most. */
const LOOKS_PER_TIMEOUT = 4;
const PRODUCER = 'silence';
const KEY = Buffer.from('tick');

/** What a watch over silent partitions is made with. */
export interface SilenceWatchSetup {
  readonly transport: Pick<Transport, 'write'>;
  readonly codec: Pick<Codec, 'encode'>;
  /** Where the partitions stand that are assigned to this worker. */
  readonly heads: () => readonly InputHead[];
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly monotonic: MonotonicClock;
  readonly log: Log;
}

interface Silence {
  high: number;
  /** When the partition was last heard, or its silence last logged; by the monotonic clock. */
  sinceMs: number;
}

/**
 * Logs to a partition of this worker’s input that nothing has come in it for a while, and again after each such time.
 *
 * The stage takes that from its input as it takes points, so event time goes on by the log alone and a replay meets the
 * same silence at the same place. What a producer has written by then stands before it and is taken first.
 */
export class SilenceWatch {
  readonly #setup: SilenceWatchSetup;
  readonly #silences = new Map<string, Silence>();
  #timer: Subscription | undefined;
  #writing: Promise<void> = Promise.resolve();
  #faulted = false;

  constructor(setup: SilenceWatchSetup) {
    this.#setup = setup;
  }

  start(): void {
    const intervalMs = this.#setup.idleTimeoutMs / LOOKS_PER_TIMEOUT;
    this.#timer = timer(intervalMs, intervalMs).subscribe(() => {
      // A fault was logged; the next look tries again.
      this.look().catch(() => undefined);
    });
  }

  /** Looks no more, and resolves when the last write has ended. */
  async stop(): Promise<void> {
    this.#timer?.unsubscribe();
    await this.#writing.catch(() => undefined);
  }

  /** Looks at the partitions and logs the silence of those that are due. */
  look(): Promise<void> {
    const nowMs = this.#setup.monotonic.elapsedMs();
    const heads = this.#setup.heads();
    const due = heads.filter((head) => this.#isDue(head, nowMs));
    const assigned = new Set(heads.map(keyOf));
    for (const key of this.#silences.keys()) if (!assigned.has(key)) this.#silences.delete(key);
    return this.#write(due);
  }

  /**
   * Logs silence at once, for every partition assigned to this worker.
   *
   * @throws PipelineError of the transport.
   */
  flush(): Promise<void> {
    return this.#write(this.#setup.heads());
  }

  #isDue(head: InputHead, nowMs: number): boolean {
    const key = keyOf(head);
    const known = this.#silences.get(key);
    if (known === undefined || head.high > known.high || !head.isSettled) {
      this.#silences.set(key, { high: head.high, sinceMs: nowMs });
      return false;
    }
    return nowMs - known.sinceMs >= this.#setup.idleTimeoutMs;
  }

  #write(heads: readonly InputHead[]): Promise<void> {
    // One write at a time per producer.
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#send(heads));
    return this.#writing;
  }

  async #send(heads: readonly InputHead[]): Promise<void> {
    if (heads.length === 0) return;
    const { transport, monotonic, log } = this.#setup;
    try {
      await transport.write(
        PRODUCER,
        heads.map((head) => this.#record(head)),
      );
      this.#faulted = false;
    } catch (error) {
      if (!this.#faulted) log.warn({}, `event time stands still while input is silent: ${error}`);
      this.#faulted = true;
      throw error;
    }
    // Its own record is no end of the silence.
    for (const head of heads)
      this.#silences.set(keyOf(head), { high: head.high + 1, sinceMs: monotonic.elapsedMs() });
  }

  #record({ topic, partition }: InputHead): OutboundRecord {
    const nowMs = this.#setup.clock.nowMs();
    const tick = { sourcePartition: partition, watermarkMs: nowMs, idle: true };
    const value = this.#setup.codec.encode('Tick', tick);
    return { topic, partition, key: KEY, value, headers: {}, timestampMs: nowMs };
  }
}

function keyOf({ topic, partition }: InputHead): string {
  return `${topic}/${partition}`;
}
