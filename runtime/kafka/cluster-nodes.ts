import { KafkaError } from './client.ts';
import { type Address, parseAddress } from './connection-options.ts';
import { asKafkaError } from './kafka-fault.ts';
import type { ClusterAnswer, NodeAddress, OpenWireNode, WireNode } from './wire-node.ts';

/** Sends a request to a node. */
type Ask<T> = (node: WireNode) => Promise<T>;

/** The nodes of one cluster: finds them, asks one or whichever answers, and connects anew after a connection is lost. */
export class ClusterNodes {
  readonly #open: OpenWireNode;
  readonly #seeds: readonly Address[];
  readonly #addresses = new Map<number, Address>();
  readonly #nodes = new Map<number, WireNode>();
  #seed: WireNode | undefined;
  #controller = -1;
  #closed = false;

  constructor(brokers: readonly string[], open: OpenWireNode) {
    this.#open = open;
    this.#seeds = brokers.map(parseAddress);
  }

  /** Asks for the named topics (all when absent) and learns the nodes. */
  async cluster(topics?: readonly string[]): Promise<ClusterAnswer> {
    const answer = await this.anywhere((node) => node.cluster(topics));
    this.#controller = answer.controller;
    this.learn(answer.nodes);
    return answer;
  }

  /** Asks one node. @throws KafkaError */
  async at<T>(id: number, ask: Ask<T>): Promise<T> {
    return await this.#ask(this.#node(id), ask);
  }

  /** Asks the controller. @throws KafkaError */
  async atController<T>(ask: Ask<T>): Promise<T> {
    if (this.#controller < 0) await this.cluster([]);
    return await this.at(this.#controller, ask);
  }

  /** Asks whichever node answers, trying all that are known and then the configured ones. @throws KafkaError */
  async anywhere<T>(ask: Ask<T>): Promise<T> {
    let failure = new KafkaError('CONNECTION', 'no broker is configured', true);
    for (const node of this.#candidates()) {
      try {
        return await this.#ask(node, ask);
      } catch (error) {
        failure = asKafkaError(error);
        if (!failure.retriable) break;
      }
    }
    throw failure;
  }

  /** Notes where nodes are, as a broker’s answer has it. */
  learn(nodes: readonly NodeAddress[]): void {
    for (const { nodeId, host, port } of nodes) {
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

  async #ask<T>(node: WireNode, ask: Ask<T>): Promise<T> {
    if (this.#closed) throw new KafkaError('CLOSED', 'the client is closed', false);
    try {
      return await ask(node);
    } catch (error) {
      const failure = asKafkaError(error);
      if (failure.type === 'CONNECTION' || failure.type === 'TIMEOUT') this.#drop(node);
      throw failure;
    }
  }

  *#candidates(): Generator<WireNode> {
    yield* [...this.#nodes.values()].filter(({ connected }) => connected);
    for (const address of this.#seeds) {
      this.#seed ??= this.#open(address);
      yield this.#seed;
    }
    for (const id of this.#addresses.keys()) yield this.#node(id);
  }

  #node(id: number): WireNode {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const address = this.#addresses.get(id);
    if (address === undefined) {
      throw new KafkaError('CONNECTION', `node ${id} is not known`, true);
    }
    const opened = this.#open(address);
    this.#nodes.set(id, opened);
    return opened;
  }

  /** Gives up the connections to a node; the next request to it opens new ones. */
  #drop(node: WireNode): void {
    node.close();
    if (this.#seed === node) this.#seed = undefined;
    for (const [id, known] of this.#nodes) {
      if (known === node) this.#nodes.delete(id);
    }
  }
}
