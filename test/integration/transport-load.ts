import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../runtime/clock.ts';
import type { OutboundRecord, Transport } from '../../runtime/transport.ts';

/** Writes numbered records to all partitions of a topic, several calls at a time, until told to stop. */
export class Load {
  readonly acknowledged: number[] = [];
  readonly failed: unknown[] = [];
  readonly #transport: Pick<Transport, 'write'>;
  readonly #topic: string;
  readonly #partitions: number;
  #next = 0;
  #stopping = false;
  readonly #writers: Promise<void>[] = [];

  constructor(transport: Pick<Transport, 'write'>, topic: string, partitions: number) {
    this.#transport = transport;
    this.#topic = topic;
    this.#partitions = partitions;
  }

  /** Starts `writers` loops, each one call after another with `pauseMs` between. */
  start(writers: number, pauseMs: number): this {
    for (let index = 0; index < writers; index += 1) this.#writers.push(this.#loop(pauseMs));
    return this;
  }

  /** Stops and resolves when every call is settled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#writers);
  }

  async #loop(pauseMs: number): Promise<void> {
    while (!this.#stopping) {
      const numbers = [this.#next, this.#next + 1, this.#next + 2];
      this.#next += numbers.length;
      try {
        await this.#transport.write(
          'load',
          numbers.map((number) => this.#record(number)),
        );
        this.acknowledged.push(...numbers);
      } catch (error) {
        this.failed.push(error);
      }
      await delay(pauseMs);
    }
  }

  #record(number: number): OutboundRecord {
    return {
      topic: this.#topic,
      partition: number % this.#partitions,
      key: null,
      value: Buffer.from(String(number)),
      headers: {},
      // Of now: brokers forget a producer whose newest record is a day old, and with it what would be a repeat.
      timestampMs: systemClock.nowMs(),
    };
  }
}

/** Reads a whole topic and returns the numbers in it, in the order of partitions and offsets. */
export async function numbersIn(transport: Transport, topic: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (const { partition, low, high } of await transport.ranges(topic)) {
    for await (const records of transport.read(topic, partition, low, { to: high })) {
      for (const { value } of records) numbers.push(Number(Buffer.from(value ?? [])));
    }
  }
  return numbers;
}

/** What is not as it should be when each acknowledged number is to be there exactly once. */
export function faults(
  acknowledged: readonly number[],
  found: readonly number[],
): { readonly missing: readonly number[]; readonly twice: readonly number[] } {
  const counts = new Map<number, number>();
  for (const number of found) counts.set(number, (counts.get(number) ?? 0) + 1);
  return {
    missing: acknowledged.filter((number) => !counts.has(number)),
    twice: acknowledged.filter((number) => (counts.get(number) ?? 0) > 1),
  };
}

/** Resolves when the condition holds. @throws Error naming it when it does not within the limit. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(20);
  }
}
