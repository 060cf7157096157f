import type { PipelineError } from '../errors.ts';
import type { FetchedRecord } from '../transport.ts';
import type { FetchedPartition, FetchLimits, KafkaClient, KafkaError } from './client.ts';
import { FetchAllowance } from './fetch-allowance.ts';
import { asKafkaError, backoffMs, mayPass, toPipelineError } from './kafka-fault.ts';
import type { Pace } from './pace.ts';

/** Where a fetcher gets records from and what it does with them. */
export interface FetcherPorts {
  readonly client: KafkaClient;
  readonly pace: Pace;
  readonly limits: FetchLimits;
  readonly deliver: (
    topic: string,
    partition: number,
    records: readonly FetchedRecord[],
    high: number,
  ) => void;
  /** Called once, with fate `stop`, when brokers refuse to let us read. */
  readonly fail: (error: PipelineError) => void;
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  offset: number;
  paused: boolean;
  /** What arrived after a pause. */
  held: FetchedPartition | undefined;
  failures: number;
  failingSinceMs: number;
}

/**
 * Fetches from any number of partitions at once, one request per node at a time, following leaders as they move.
 *
 * Delivers in order per partition and never waits for whoever takes the records: that one pauses partitions.
 */
export class PartitionFetcher {
  readonly #ports: FetcherPorts;
  readonly #positions = new Map<string, Position>();
  readonly #fetching = new Map<number, Promise<void>>();
  readonly #allowances = new Map<number, FetchAllowance>();
  #wake = new AbortController();
  #closed = false;
  #running: Promise<void> | undefined;

  constructor(ports: FetcherPorts) {
    this.#ports = ports;
  }

  /** Begins at an offset, or begins again there. An offset that is not stored any more means the lowest that is. */
  start(topic: string, partition: number, offset: number): void {
    const fresh = { paused: false, held: undefined, failures: 0, failingSinceMs: 0 };
    this.#positions.set(`${topic}/${partition}`, { topic, partition, offset, ...fresh });
    this.#poke();
    this.#running ??= this.#run();
  }

  stop(topic: string, partition: number): void {
    this.#positions.delete(`${topic}/${partition}`);
  }

  /** Holds a partition back at once: what is on its way is kept and delivered first after `resume`. */
  pause(topic: string, partition: number): void {
    const position = this.#positions.get(`${topic}/${partition}`);
    if (position !== undefined) position.paused = true;
  }

  resume(topic: string, partition: number): void {
    const position = this.#positions.get(`${topic}/${partition}`);
    if (position === undefined || !position.paused) return;
    position.paused = false;
    queueMicrotask(() => this.#deliverHeld(position));
  }

  close(): void {
    this.#closed = true;
    this.#positions.clear();
    this.#poke();
  }

  #poke(): void {
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#wake = new AbortController();
      const { signal } = this.#wake;
      if (!(await this.#fetchWhereIdle())) continue;
      const woken = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([woken, ...this.#fetching.values()]);
    }
  }

  /** Starts a request to every node that has partitions to read and none under way; false if a leader is not known. */
  async #fetchWhereIdle(): Promise<boolean> {
    const all = [...this.#positions.values()];
    const active = all.filter(({ paused, held }) => !paused && held === undefined);
    const byNode = new Map<number, Position[]>();
    for (const position of active) {
      const node = await this.#leaderOf(position);
      if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), position]);
    }
    for (const [node, positions] of byNode) {
      if (this.#fetching.has(node)) continue;
      const done = this.#fetch(node, positions).finally(() => this.#fetching.delete(node));
      this.#fetching.set(node, done);
    }
    return [...byNode.values()].flat().length === active.length;
  }

  async #leaderOf(position: Position): Promise<number | undefined> {
    try {
      return await this.#ports.client.leader(position.topic, position.partition);
    } catch (error) {
      await this.#fault(position, asKafkaError(error));
      return undefined;
    }
  }

  async #fetch(node: number, positions: readonly Position[]): Promise<void> {
    const allowance = this.#allowances.get(node) ?? new FetchAllowance(this.#ports.pace);
    this.#allowances.set(node, allowance);
    await allowance.take();
    if (this.#closed) return;
    const asked = positions.map((position) => ({ position, offset: position.offset }));
    try {
      const fetched = await this.#ports.client.fetch(
        node,
        positions.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
        this.#ports.limits,
      );
      for (const part of fetched) {
        const found = asked.find(
          ({ position }) => position.topic === part.topic && position.partition === part.partition,
        );
        if (found !== undefined) await this.#take(found.position, found.offset, part);
      }
    } catch (error) {
      const [first] = positions;
      if (first !== undefined && !this.#closed) await this.#fault(first, asKafkaError(error));
    }
  }

  async #take(position: Position, offset: number, part: FetchedPartition): Promise<void> {
    const current = this.#positions.get(`${part.topic}/${part.partition}`);
    if (current !== position || position.offset !== offset) return;
    if (part.error?.type === 'OFFSET_OUT_OF_RANGE') return await this.#rewind(position);
    if (part.error !== undefined) return await this.#fault(position, part.error);
    position.failures = 0;
    position.offset = part.nextOffset;
    if (part.records.length === 0) return;
    if (position.paused) position.held = part;
    else this.#ports.deliver(part.topic, part.partition, part.records, part.high);
  }

  #deliverHeld(position: Position): void {
    const { topic, partition, held } = position;
    const current = this.#positions.get(`${topic}/${partition}`);
    if (current !== position || position.paused) return;
    position.held = undefined;
    if (held !== undefined) this.#ports.deliver(topic, partition, held.records, held.high);
    this.#poke();
  }

  /** The offset was removed by retention, or the topic was made anew: goes on at the lowest there is. */
  async #rewind(position: Position): Promise<void> {
    const { topic, partition } = position;
    try {
      const lowest = await this.#ports.client.offsetsAt('earliest', topic, [partition]);
      position.offset = lowest.get(partition) ?? 0;
    } catch (error) {
      await this.#fault(position, asKafkaError(error));
    }
  }

  async #fault(position: Position, error: KafkaError): Promise<void> {
    if (this.#closed) return;
    const { client, pace, fail } = this.#ports;
    const nowMs = pace.nowMs();
    position.failures += 1;
    if (position.failures === 1) position.failingSinceMs = nowMs;
    if (!mayPass(error, nowMs - position.failingSinceMs)) {
      this.close();
      fail(toPipelineError(error, `read ${position.topic}`, client.principal));
      return;
    }
    client.forgetLeaders();
    await pace.sleep(backoffMs(position.failures));
  }
}
