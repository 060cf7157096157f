import type { KafkaClient } from './client.ts';

/** Clients kept for the next reads; more than a worker’s restores at a time are closed. */
const KEPT = 8;

/**
 * Lends clients to reads outside any group, one to each: a fetch that waits would hold up another read.
 *
 * What connections and metadata a read has opened serve the next one: restoring a task reads several times, while nobody
 * works on its partition.
 */
export class ReaderPool {
  readonly #open: () => KafkaClient;
  readonly #idle: KafkaClient[] = [];
  #closed = false;

  constructor(open: () => KafkaClient) {
    this.#open = open;
  }

  take(): KafkaClient {
    return this.#idle.pop() ?? this.#open();
  }

  /** Takes a client back from a read that has ended, whatever it was ended by. */
  give(client: KafkaClient): void {
    if (this.#closed || this.#idle.length >= KEPT) client.close();
    else this.#idle.push(client);
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#idle.splice(0)) client.close();
  }
}
