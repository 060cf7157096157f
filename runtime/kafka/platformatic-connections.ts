import {
  type API,
  type ConnectionOptions as LibraryOptions,
  metadataV8,
  type SASLMechanismValue,
} from '@platformatic/kafka';
import { KafkaError } from './client.ts';
import { type Address, type ConnectionOptions, parseAddress } from './connection-options.ts';
import { errorOfCode, toKafkaError } from './platformatic-errors.ts';
import { type NodeOptions, PlatformaticNode } from './platformatic-node.ts';
import type { TopicState } from './topic-leaders.ts';

/** The limits of requests are ours (one for each); the library’s, one for all, is as far away as a timer can be. */
const neverMs = 2 ** 31 - 1;
const requestsAtOnce = 10_000;

/** Connections to the nodes of one cluster: finds nodes, sends requests, reconnects at the next request. */
export class PlatformaticConnections {
  readonly #options: NodeOptions;
  readonly #seeds: readonly Address[];
  readonly #addresses = new Map<number, Address>();
  readonly #nodes = new Map<number, PlatformaticNode>();
  #seed: PlatformaticNode | undefined;
  #controller = -1;
  #closed = false;

  constructor(options: ConnectionOptions) {
    const { clientId, requestTimeoutMs } = options;
    this.#seeds = options.brokers.map(parseAddress);
    this.#options = { clientId, requestTimeoutMs, library: toLibraryOptions(options) };
  }

  /** Asks for topics (all when absent) and learns the nodes; errors of a topic are left in it. */
  async topics(names?: readonly string[]): Promise<readonly TopicState[]> {
    const answer = await this.anywhere(metadataV8.api, [names?.slice() ?? null, false]);
    this.#controller = answer.controllerId;
    this.learn(answer.brokers);
    return answer.topics.map(({ name, errorCode, partitions }) => {
      const led = partitions.filter(({ leaderId }) => leaderId >= 0);
      return {
        topic: name,
        error: errorOfCode(errorCode, `Metadata of ${name}`),
        partitions: partitions.length,
        leaders: new Map(led.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId])),
      };
    });
  }

  /** Sends a request to the controller. */
  async controller<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs: number,
  ): Promise<Answer> {
    if (this.#controller < 0) await this.topics([]);
    return await this.node(this.#controller, api, parameters, waitMs);
  }

  /** Sends a request to one node. `waitMs`: how long the request may wait there by itself. @throws KafkaError */
  async node<Parameters extends unknown[], Answer>(
    id: number,
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs = 0,
  ): Promise<Answer> {
    return await this.#send(this.#node(id), api, parameters, waitMs);
  }

  /** Sends a request to whichever node answers, trying all that are known and then the configured ones. */
  async anywhere<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    parameters: Parameters,
  ): Promise<Answer> {
    let failure = new KafkaError('CONNECTION', 'no broker is configured', true);
    for (const node of this.#candidates()) {
      try {
        return await this.#send(node, api, parameters, 0);
      } catch (error) {
        failure = toKafkaError(error, 'request');
        if (!failure.retriable) break;
      }
    }
    throw failure;
  }

  /** Notes where nodes are, as a broker’s answer has it. */
  learn(brokers: readonly (Address & { readonly nodeId: number })[]): void {
    for (const { nodeId, host, port } of brokers) {
      const known = this.#addresses.get(nodeId);
      if (known?.host === host && known.port === port) continue;
      this.#addresses.set(nodeId, { host, port });
      const moved = this.#nodes.get(nodeId);
      if (moved !== undefined) this.#drop(moved);
    }
  }

  /** Closes every connection; requests under way reject. */
  close(): void {
    this.#closed = true;
    for (const node of this.#nodes.values()) node.close();
    this.#seed?.close();
    this.#nodes.clear();
    this.#seed = undefined;
  }

  async #send<Parameters extends unknown[], Answer>(
    node: PlatformaticNode,
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs: number,
  ): Promise<Answer> {
    if (this.#closed) throw new KafkaError('CLOSED', 'the client is closed', false);
    try {
      return await node.send(api, parameters, waitMs);
    } catch (error) {
      const failure = toKafkaError(error, 'request');
      if (failure.type === 'CONNECTION' || failure.type === 'TIMEOUT') this.#drop(node);
      throw failure;
    }
  }

  *#candidates(): Generator<PlatformaticNode> {
    yield* [...this.#nodes.values()].filter(({ connected }) => connected);
    for (const address of this.#seeds) {
      this.#seed ??= new PlatformaticNode(address, this.#options);
      yield this.#seed;
    }
    for (const id of this.#addresses.keys()) yield this.#node(id);
  }

  #node(id: number): PlatformaticNode {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const address = this.#addresses.get(id);
    if (address === undefined) {
      throw new KafkaError('CONNECTION', `node ${id} is not known`, true);
    }
    const opened = new PlatformaticNode(address, this.#options);
    this.#nodes.set(id, opened);
    return opened;
  }

  /** Gives up the connections to a node; the next request to it opens new ones. */
  #drop(node: PlatformaticNode): void {
    node.close();
    if (this.#seed === node) this.#seed = undefined;
    for (const [id, known] of this.#nodes) {
      if (known === node) this.#nodes.delete(id);
    }
  }
}

function toLibraryOptions(options: ConnectionOptions): LibraryOptions {
  const { connectionTimeoutMs, ssl, sasl } = options;
  return {
    connectTimeout: connectionTimeoutMs,
    requestTimeout: neverMs,
    maxInflights: requestsAtOnce,
    ...(ssl === undefined ? {} : { tls: ssl }),
    ...(sasl === undefined
      ? {}
      : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue } }),
  };
}
