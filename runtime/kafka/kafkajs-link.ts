import { answeredWithin } from './answered-within.ts';
import { KafkaError } from './client.ts';
import type { Address, ConnectionOptions } from './connection-options.ts';
import { toKafkaError } from './kafkajs-errors.ts';
import {
  apiKeys,
  Broker,
  type ConnectionPoolBuilder,
  connectionPoolBuilder,
  createLogger,
  defaultSocketFactory,
  type KafkajsBroker,
  type KafkajsConnection,
  type KafkajsLogEntry,
  type KafkajsLogger,
  type ProtocolCall,
  requests,
  type SocketFactory,
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

const answerSlackMs = 1000;
const logNothing = 0;
const logWarnings = 2;

/** What the links of one client share. */
export class KafkajsLinks {
  readonly #builder: ConnectionPoolBuilder;
  readonly #logger: KafkajsLogger;
  readonly #requestTimeoutMs: number;

  constructor(options: KafkajsOptions) {
    const { log } = options;
    this.#logger = createLogger({
      level: log === undefined ? logNothing : logWarnings,
      logCreator: () => (entry) => log?.(entry),
    });
    this.#requestTimeoutMs = options.requestTimeoutMs;
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
      socketFactory: promptSockets(defaultSocketFactory()),
      logger: this.#logger,
    });
  }

  /** Makes a link to a node; it connects with its first request. */
  open(address: Address): KafkajsLink {
    return new KafkajsLink(address, this.#broker(address), this.#requestTimeoutMs);
  }

  async #broker(address: Address): Promise<KafkajsBroker> {
    const connectionPool = await this.#builder.build(address);
    connectionPool.pool.forEach(mend);
    return new Broker({ connectionPool, logger: this.#logger, allowAutoTopicCreation: false });
  }
}

/** The connection to one node, as kafkajs makes it. */
export class KafkajsLink {
  readonly #address: Address;
  readonly #broker: Promise<KafkajsBroker>;
  readonly #requestTimeoutMs: number;
  #opened: KafkajsBroker | undefined;
  #closed = false;

  constructor(address: Address, broker: Promise<KafkajsBroker>, requestTimeoutMs: number) {
    this.#address = address;
    this.#broker = broker;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  get connected(): boolean {
    return this.#opened?.isConnected() === true;
  }

  /**
   * Sends a request and gives its response, with whatever error codes are in it.
   *
   * @throws KafkaError when there is no answer.
   */
  async send(api: string, parameters: object, reader?: ResponseReader): Promise<unknown> {
    const { host, port } = this.#address;
    const what = `${api} to ${host}:${port}`;
    try {
      const broker = await this.#connect();
      const call = lenientCall(broker, api, parameters, reader);
      // kafkajs forgets requests that were pushed while their connection closed: nothing is waited for without end.
      const limitMs = Math.max(this.#requestTimeoutMs, call.requestTimeout ?? 0) + answerSlackMs;
      return await answeredWithin(broker.connectionPool.send(call), limitMs, what);
    } catch (error) {
      throw toKafkaError(error, what);
    }
  }

  /** Closes the connection at once; requests under way reject. */
  close(): void {
    this.#closed = true;
    if (this.#opened !== undefined) closeNow(this.#opened);
  }

  async #connect(): Promise<KafkajsBroker> {
    const broker = await this.#broker;
    this.#opened = broker;
    if (!this.#closed) await broker.connect();
    if (!this.#closed) return broker;
    closeNow(broker);
    throw new KafkaError('CONNECTION', 'the connection was closed', true);
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

/**
 * Makes sockets send at once. kafkajs leaves Nagle’s algorithm on: the end of a request that does not fill a segment would
 * wait until what was sent before it is acknowledged, and the other side may take 40 ms for that.
 */
function promptSockets(create: SocketFactory): SocketFactory {
  return (options) => create(options).setNoDelay(true);
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
