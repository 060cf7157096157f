import { KafkaError } from './client.ts';
import { type Address, type ConnectionOptions, parseAddress } from './connection-options.ts';
import { errorOfCode, toKafkaError } from './kafkajs-errors.ts';
import {
  apiKeys,
  Broker,
  type ConnectionPoolBuilder,
  connectionPoolBuilder,
  createLogger,
  defaultSocketFactory,
  type KafkajsBroker,
  type KafkajsConnection,
  type KafkajsConnectionPool,
  type KafkajsLogEntry,
  type KafkajsLogger,
  type ProtocolCall,
  requests,
} from './kafkajs-internals.ts';

/** How brokers are reached, and where kafkajs’s own words go. */
export interface KafkajsOptions extends ConnectionOptions {
  /** Receives what kafkajs logs; nothing is printed otherwise. */
  readonly log?: (entry: KafkajsLogEntry) => void;
}

/** Reads a response of one version in place of kafkajs’s own reader. */
export interface ResponseReader {
  readonly version: number;
  readonly read: (bytes: Buffer) => Promise<unknown>;
}

interface MetadataAnswer {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[];
  readonly controllerId: number;
  readonly topicMetadata: readonly TopicMetadata[];
}

/** What a broker knows of a topic; a missing one has an error code. */
export interface TopicMetadata {
  readonly topicErrorCode: number;
  readonly topic: string;
  readonly partitionMetadata: readonly {
    readonly partitionErrorCode: number;
    readonly partitionId: number;
    readonly leader: number;
  }[];
}

const answerSlackMs = 1000;
const logNothing = 0;
const logWarnings = 2;

/** Connections to the nodes of one cluster: finds nodes, sends requests, reconnects at the next request. */
export class KafkajsConnections {
  readonly #builder: ConnectionPoolBuilder;
  readonly #logger: KafkajsLogger;
  readonly #seeds: readonly Address[];
  readonly #requestTimeoutMs: number;
  readonly #addresses = new Map<number, Address>();
  readonly #nodes = new Map<number, KafkajsBroker>();
  #seed: KafkajsBroker | undefined;
  #controller = -1;
  #closed = false;

  constructor(options: KafkajsOptions) {
    const { log } = options;
    this.#logger = createLogger({
      level: log === undefined ? logNothing : logWarnings,
      logCreator: () => (entry) => log?.(entry),
    });
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#seeds = options.brokers.map(parseAddress);
    this.#builder = connectionPoolBuilder({
      brokers: [...options.brokers],
      clientId: options.clientId,
      ssl: options.ssl,
      // A copy: kafkajs writes into it, and who spread ours later would pass on the former user.
      ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl } }),
      requestTimeout: options.requestTimeoutMs,
      connectionTimeout: options.connectionTimeoutMs,
      enforceRequestTimeout: true,
      maxInFlightRequests: null,
      reauthenticationThreshold: 10_000,
      socketFactory: defaultSocketFactory(),
      logger: this.#logger,
    });
  }

  /** Asks for the metadata of topics (all when absent) and learns the nodes; errors of a topic are left in it. */
  async metadata(topics?: readonly string[]): Promise<readonly TopicMetadata[]> {
    const parameters = { topics: topics ?? [], allowAutoTopicCreation: false };
    const answer = (await this.anywhere('Metadata', parameters)) as MetadataAnswer;
    this.#controller = answer.controllerId;
    this.learn(answer.brokers);
    return answer.topicMetadata;
  }

  /** Sends a request to the controller. */
  async controller(api: string, parameters: object): Promise<unknown> {
    if (this.#controller < 0) await this.metadata([]);
    return await this.node(this.#controller, api, parameters);
  }

  /** Sends a request to one node. @throws KafkaError */
  async node(
    id: number,
    api: string,
    parameters: object,
    reader?: ResponseReader,
  ): Promise<unknown> {
    return await this.#send(await this.#node(id), api, parameters, reader);
  }

  /** Sends a request to whichever node answers, trying all that are known and then the configured ones. */
  async anywhere(api: string, parameters: object): Promise<unknown> {
    let failure = new KafkaError('CONNECTION', `${api}: no broker is configured`, true);
    for await (const broker of this.#candidates()) {
      try {
        return await this.#send(broker, api, parameters);
      } catch (error) {
        failure = toKafkaError(error, api);
        if (!failure.retriable) break;
      }
    }
    throw failure;
  }

  /** Notes where nodes are, as a broker’s answer has it. */
  learn(brokers: MetadataAnswer['brokers']): void {
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
    for (const broker of this.#nodes.values()) closeNow(broker);
    if (this.#seed !== undefined) closeNow(this.#seed);
    this.#nodes.clear();
    this.#seed = undefined;
  }

  async #send(
    broker: KafkajsBroker,
    api: string,
    parameters: object,
    reader?: ResponseReader,
  ): Promise<unknown> {
    const what = `${api} to ${broker.connectionPool.host}:${broker.connectionPool.port}`;
    if (this.#closed) throw new KafkaError('CLOSED', `${what}: the client is closed`, false);
    try {
      await broker.connect();
      const call = lenientCall(broker, api, parameters, reader);
      return await this.#answered(broker.connectionPool.send(call), call, what);
    } catch (error) {
      const failure = toKafkaError(error, what);
      if (failure.type === 'CONNECTION' || failure.type === 'TIMEOUT') this.#drop(broker);
      throw failure;
    }
  }

  async *#candidates(): AsyncGenerator<KafkajsBroker> {
    const known = [...this.#nodes.values()];
    yield* known.filter((broker) => broker.isConnected());
    for (const address of this.#seeds) {
      // Built before the look at the field: of two callers at once the second takes the first one's.
      const pool = await this.#builder.build(address);
      this.#seed ??= this.#broker(pool);
      yield this.#seed;
    }
    for (const id of this.#addresses.keys()) yield await this.#node(id);
  }

  async #node(id: number): Promise<KafkajsBroker> {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const address = this.#addresses.get(id);
    if (address === undefined) {
      throw new KafkaError('CONNECTION', `node ${id} is not known`, true);
    }
    const pool = await this.#builder.build(address);
    const opened = this.#nodes.get(id) ?? this.#broker(pool);
    if (this.#closed) throw new KafkaError('CLOSED', 'the client is closed', false);
    this.#nodes.set(id, opened);
    return opened;
  }

  /** kafkajs forgets requests that were pushed while their connection closed: nothing is waited for without end. */
  async #answered<T>(answer: Promise<T>, call: ProtocolCall, what: string): Promise<T> {
    const limitMs = Math.max(this.#requestTimeoutMs, call.requestTimeout ?? 0) + answerSlackMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new KafkaError('TIMEOUT', `${what}: no answer within ${limitMs} ms`, true));
      }, limitMs);
    });
    return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }

  /** Gives up the connections to a node; the next request to it opens new ones. */
  #drop(broker: KafkajsBroker): void {
    closeNow(broker);
    if (this.#seed === broker) this.#seed = undefined;
    for (const [id, known] of this.#nodes) {
      if (known === broker) this.#nodes.delete(id);
    }
  }

  #broker(connectionPool: KafkajsConnectionPool): KafkajsBroker {
    connectionPool.pool.forEach(mend);
    return new Broker({ connectionPool, logger: this.#logger, allowAutoTopicCreation: false });
  }
}

/**
 * Mends two faults of a kafkajs connection.
 *
 * After the first response it would look at its empty queue every millisecond, by a timer for a moment in the past that
 * Node warns about. And two requests that find it closed would open two sockets, of which one is never closed.
 */
function mend(connection: KafkajsConnection): void {
  const { requestQueue } = connection;
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule();
  };
  const connect = connection.connect.bind(connection);
  let connecting: Promise<unknown> | undefined;
  connection.connect = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
}

/** Builds a call whose response is given back as it is: callers look at the error code of each part. */
function lenientCall(
  broker: KafkajsBroker,
  api: string,
  parameters: object,
  reader?: ResponseReader,
): ProtocolCall {
  const key = apiKeys[api];
  const definition = requests[api];
  if (key === undefined || definition === undefined) throw new TypeError(`no request ${api}`);
  const call = broker.lookupRequest(key, definition)(parameters);
  const { apiVersion } = call.request;
  if (reader !== undefined && reader.version !== apiVersion) {
    const text = `${api}: the broker speaks version ${apiVersion}, ${reader.version} is needed`;
    throw new KafkaError('UNSUPPORTED_VERSION', text, false);
  }
  return {
    ...call,
    response: {
      decode: reader?.read ?? call.response.decode,
      parse: (decoded) => Promise.resolve(decoded),
    },
  };
}

function closeNow(broker: KafkajsBroker): void {
  for (const connection of broker.connectionPool.pool) {
    connection.rejectRequests(new KafkaError('CONNECTION', 'the connection was closed', true));
    connection.disconnect().catch(() => undefined);
  }
}

/** Throws the error of a response’s own code. */
export function throwIfFailed(code: number, what: string): void {
  const error = errorOfCode(code, what);
  if (error !== undefined) throw error;
}
