import {
  concatMap,
  defer,
  EMPTY,
  from,
  mergeMap,
  type Observable,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import { DeliveryLog, isFinal } from '../operators/route/delivery.ts';
import type { Clock } from '../runtime/clock.ts';
import { PipelineError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type {
  FetchedRecord,
  Subscription,
  SubscriptionEvent,
  Transport,
} from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Notification } from '../schemas/generated/notification.ts';
import { type Receiver, type ReceiverOutlets, ReceiverSender } from './receiver-io.ts';
import { SINK_GROUP } from './topology.ts';

const NOTIFICATIONS = 'notifications';
/** Attempts and waits of one delivery; after the last, route plans it again later. */
const TERMS = { maxAttempts: 3, retryMs: 500, maxAgeMs: 3_600_000 };
/** How long a stop waits for the attempt under way. */
const STOP_GRACE_MS = 1000;

/** What the sink needs. */
export interface SinkServices {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly receivers: readonly Receiver[];
  readonly outlets: ReceiverOutlets;
}

/** A sink that is running. */
export interface RunningSink {
  readonly done: Observable<never>;
  /** Waits for the attempt under way, a second at most: one that hangs is left, and made again by whoever goes on. */
  stop(): Promise<void>;
}

/**
 * Carries out planned notifications: sends each to its receiver, then writes the outcome to the same partition.
 *
 * A consumer group of its own, so a slow receiver holds up nobody else. The offset of a PLANNED record is stored with
 * its outcome: a crash in between leads to a second attempt with the same idempotency key, never to a lost one.
 */
export function runNotificationSink(services: SinkServices): RunningSink {
  const { transport, prefix } = services;
  const stopped = new Subject<void>();
  const done = new Subject<never>();
  let run: SinkRun | undefined;
  defer(() => transport.subscribe(prefix + SINK_GROUP, [prefix + NOTIFICATIONS]))
    .pipe(
      mergeMap((subscription) => {
        run = new SinkRun(services, subscription);
        return run.graph;
      }),
      takeUntil(stopped),
    )
    .subscribe(done);
  return {
    done,
    stop: async () => {
      await run?.finish();
      stopped.next();
    },
  };
}

class SinkRun {
  readonly graph: Observable<never>;
  readonly #services: SinkServices;
  readonly #subscription: Subscription;
  readonly #deliveries = new Map<number, DeliveryLog>();
  readonly #topic: string;
  readonly #sender: ReceiverSender;
  readonly #given = new AbortController();
  #busy: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(services: SinkServices, subscription: Subscription) {
    this.#services = services;
    this.#subscription = subscription;
    this.#topic = services.prefix + NOTIFICATIONS;
    this.#sender = new ReceiverSender(services.outlets);
    this.graph = subscription.events.pipe(
      // One event at a time keeps the order; receivers are slow, not many.
      concatMap((event) => from(this.#take(event))),
      tap({ error: (error: unknown) => services.log.error({ group: SINK_GROUP }, String(error)) }),
      mergeMap(() => EMPTY),
    );
  }

  async finish(): Promise<void> {
    this.#closing = true;
    const grace = setTimeout(() => this.#given.abort(), STOP_GRACE_MS);
    await this.#busy;
    clearTimeout(grace);
    await this.#subscription.close();
  }

  async #take(event: SubscriptionEvent): Promise<void> {
    if (event.kind === 'assigned') {
      for (const partition of event.partitions) await this.#start(partition);
    } else if (event.kind === 'revoked') {
      for (const partition of event.partitions) this.#deliveries.delete(partition);
      event.release();
    } else if (event.kind === 'records' && !this.#closing) {
      this.#busy = this.#deliver(event.partition, event.records);
      await this.#busy;
    }
  }

  /** Reads what was delivered before, so that a repeated plan is not sent twice. */
  async #start(partition: number): Promise<void> {
    const { transport, receivers } = this.#services;
    const names = receivers.map(({ name }) => name);
    const log = new DeliveryLog(TERMS, names);
    this.#deliveries.set(partition, log);
    const committed = (await this.#subscription.committed(this.#topic, partition)) ?? 0;
    if (committed > 0) {
      for await (const records of transport.read(this.#topic, partition, 0, { to: committed })) {
        for (const record of records) log.take(this.#decode(record));
      }
    }
    this.#subscription.start(partition, new Map([[this.#topic, committed]]));
  }

  async #deliver(partition: number, records: readonly FetchedRecord[]): Promise<void> {
    const log = this.#deliveries.get(partition);
    for (const record of records) {
      if (log === undefined || this.#closing) return;
      const planned = log.take(this.#decode(record));
      const outcome = planned === undefined ? [] : await this.#attempt(log, planned);
      // Without an outcome it stays planned, for whoever reads it next.
      if (outcome === undefined) return;
      const outbound = outcome.map((notification) => ({
        topic: this.#topic,
        partition,
        key: notification.id,
        value: this.#services.codec.encode('Notification', notification),
        headers: {},
        timestampMs: this.#services.clock.nowMs(),
      }));
      await this.#subscription.write(outbound, [
        { topic: this.#topic, partition, offset: record.offset + 1 },
      ]);
    }
  }

  /** @returns the outcome, or `undefined` when we stop before there is one. */
  async #attempt(log: DeliveryLog, planned: Notification): Promise<[Notification] | undefined> {
    const { clock, receivers } = this.#services;
    const stale = log.stale(planned, clock.nowMs());
    if (stale !== undefined) return [stale];
    const receiver = receivers.find(({ name }) => name === planned.receiver);
    if (receiver === undefined) throw new PipelineError('SINK_UNAVAILABLE', planned.receiver);
    for (let tried = 1; ; tried++) {
      const result = await this.#sender.send(receiver, planned, this.#given.signal);
      if (result === undefined) return undefined;
      const outcome = log.outcome(planned, tried, result, clock.nowMs());
      if (isFinal(outcome)) return [outcome];
      if (this.#closing) return undefined;
      await new Promise((resolve) => setTimeout(resolve, (outcome.retryAtMs ?? 0) - clock.nowMs()));
    }
  }

  #decode({ value }: FetchedRecord): Notification {
    return this.#services.codec.decode(value ?? new Uint8Array(0), ['Notification']).value;
  }
}
