import { setTimeout as delay } from 'node:timers/promises';
import { KafkaError, type ProduceBatch, type TopicPartition } from './client.ts';
import { errorOfCode } from './error-of-code.ts';
import { asKafkaError } from './kafka-fault.ts';
import type { Coded } from './wire-node.ts';

const leaderPollMs = 50;

/** What a broker knows of a topic. `leaders`: the node of each partition that has one. */
export interface TopicState {
  readonly topic: string;
  /** Why the topic is not known, or not to us; its partitions are then empty. */
  readonly error?: KafkaError | undefined;
  readonly partitions: number;
  readonly leaders: ReadonlyMap<number, number>;
}

/** Asks a broker for topics, all when none are named; a missing one comes with its error. */
export type AskForTopics = (topics?: readonly string[]) => Promise<readonly TopicState[]>;

/** Which node leads which partition: asked for once, until told to forget. */
export class TopicLeaders {
  readonly #ask: AskForTopics;
  readonly #leaders = new Map<string, ReadonlyMap<number, number>>();

  constructor(ask: AskForTopics) {
    this.#ask = ask;
  }

  /**
   * Partition counts of the named topics, or of all that may be seen; a missing topic is left out.
   *
   * @throws KafkaError when the brokers do not tell us of a named topic, which may exist.
   */
  async partitionCounts(topics?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (topics?.length === 0) return new Map();
    const found = await this.#fresh(topics);
    const refused = found.find(({ error }) => error?.missing !== undefined);
    if (refused?.error !== undefined) throw refused.error;
    return new Map(
      found
        .filter(({ error }) => error === undefined)
        .map(({ topic, partitions }) => [topic, partitions]),
    );
  }

  /** The node that leads a partition. @throws KafkaError retriable while there is none. */
  async leader(topic: string, partition: number): Promise<number> {
    const known = this.#leaders.get(topic)?.get(partition);
    if (known !== undefined) return known;
    const [state] = await this.#fresh([topic]);
    if (state?.error !== undefined) throw state.error;
    const found = state?.leaders.get(partition);
    if (found !== undefined) return found;
    const count = state?.partitions ?? 0;
    const type = partition < count ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION';
    const text = `${topic}/${partition} has no leader; the topic has ${count} partitions`;
    throw new KafkaError(type, text, true);
  }

  /** Partitions of a topic by the node that leads them. */
  async byLeader(
    topic: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, readonly number[]>> {
    const leaders = new Map<number, number>();
    for (const partition of partitions) leaders.set(partition, await this.leader(topic, partition));
    return Map.groupBy(partitions, (partition) => leaders.get(partition) ?? -1);
  }

  forget(): void {
    this.#leaders.clear();
  }

  /** Waits until every partition of the topics has a leader: a new topic is not usable before. */
  async awaitLeaders(topics: readonly string[], limitMs: number): Promise<void> {
    const limit = performance.now() + limitMs;
    for (;;) {
      const found = await this.#fresh(topics);
      const ready = found.filter(
        ({ error, partitions, leaders }) => error === undefined && leaders.size === partitions,
      );
      if (ready.length === topics.length) return;
      if (performance.now() > limit) {
        throw new KafkaError('TIMEOUT', `no leader for ${topics.join(', ')} in time`, true);
      }
      await delay(leaderPollMs);
    }
  }

  async #fresh(topics?: readonly string[]): Promise<readonly TopicState[]> {
    const found = await this.#ask(topics);
    for (const { topic, error, leaders } of found) {
      if (error === undefined) this.#leaders.set(topic, leaders);
    }
    return found;
  }
}

/**
 * Sends batches to the leaders of their partitions, all nodes at once; the results stand in the order of the batches.
 *
 * @param send sends batches to one node and gives an outcome for each; it does not throw.
 */
export async function produceByLeader(
  leaders: TopicLeaders,
  batches: readonly ProduceBatch[],
  send: (
    node: number,
    batches: readonly ProduceBatch[],
  ) => Promise<readonly (KafkaError | undefined)[]>,
): Promise<readonly (KafkaError | undefined)[]> {
  const results = new Array<KafkaError | undefined>(batches.length).fill(undefined);
  const byNode = new Map<number, { readonly index: number; readonly batch: ProduceBatch }[]>();
  for (const [index, batch] of batches.entries()) {
    try {
      const node = await leaders.leader(batch.topic, batch.partition);
      byNode.set(node, [...(byNode.get(node) ?? []), { index, batch }]);
    } catch (error) {
      results[index] = asKafkaError(error);
    }
  }
  await Promise.all(
    [...byNode].map(async ([node, part]) => {
      const outcome = await send(
        node,
        part.map(({ batch }) => batch),
      );
      for (const [position, { index }] of part.entries()) results[index] = outcome[position];
    }),
  );
  return results;
}

/** The outcome of each batch, from the codes of a response. */
export function outcomes(
  batches: readonly ProduceBatch[],
  answers: readonly (TopicPartition & Coded)[],
): readonly (KafkaError | undefined)[] {
  const codes = new Map(
    answers.map(({ topic, partition, code }) => [`${topic}/${partition}`, code]),
  );
  return batches.map(({ topic, partition }) => {
    const code = codes.get(`${topic}/${partition}`);
    if (code !== undefined) return errorOfCode(code, { api: 'Produce', topic, partition });
    return new KafkaError('NO_ANSWER', `Produce of ${topic}/${partition}: no answer`, true);
  });
}
