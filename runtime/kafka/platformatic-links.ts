import {
  type API,
  apiVersionsV2,
  Connection,
  type ConnectionOptions as LibraryOptions,
  protocolAPIsById,
  ResponseError,
  type SASLMechanismValue,
} from '@platformatic/kafka';
import { answeredWithin } from './answered-within.ts';
import { KafkaError } from './client.ts';
import type { Address, ConnectionOptions } from './connection-options.ts';
import { toKafkaError } from './platformatic-errors.ts';

/** The limits of requests are ours (one for each); the library’s, one for all, is as far away as a timer can be. */
const neverMs = 2 ** 31 - 1;
const requestsAtOnce = 10_000;

/** How a node is spoken to. */
export interface LinkOptions {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly library: LibraryOptions;
}

/** Versions a node speaks, by the number of the request. */
type Versions = ReadonlyMap<number, { readonly minVersion: number; readonly maxVersion: number }>;

interface Link {
  readonly connection: Connection;
  readonly ready: Promise<Versions>;
  /** What broke it, such as the broker’s word on our certificate: requests only hear that it closed. */
  fault?: unknown;
}

/** What a request may wait for on the broker, in milliseconds; such requests have a connection of their own. */
export type WaitMs = number;

const requestNames: Readonly<Record<number, string>> = protocolAPIsById;

/**
 * The connections to one node: one for requests that wait for something, one for all others, since a broker answers
 * the requests of a connection one after the other. Each is opened when first needed and again after it was lost.
 */
export class PlatformaticLinks {
  readonly #address: Address;
  readonly #options: LinkOptions;
  readonly #links = new Map<'waiting' | 'prompt', Link>();

  constructor(address: Address, options: LinkOptions) {
    this.#address = address;
    this.#options = options;
  }

  get connected(): boolean {
    return this.#links.get('prompt')?.connection.isConnected() === true;
  }

  /**
   * Sends a request and gives its response, with whatever error codes are in it: callers look at each part.
   *
   * @param waitMs how long the request may wait on the broker by itself.
   * @throws KafkaError when there is no answer, or the node does not speak this version of the request.
   */
  async send<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs: WaitMs = 0,
  ): Promise<Answer> {
    const { host, port } = this.#address;
    const name = requestNames[api.key] ?? `request ${api.key}`;
    const what = `${name} to ${host}:${port}`;
    const link = this.#link(waitMs > 0 ? 'waiting' : 'prompt');
    try {
      refuseUnspoken(await link.ready, api, what);
      const answer = api.async(link.connection, ...parameters).catch(answerOf<Answer>);
      return await answeredWithin(answer, this.#options.requestTimeoutMs + waitMs, what);
    } catch (error) {
      throw toKafkaError(error instanceof KafkaError ? error : (link.fault ?? error), what);
    }
  }

  /** Closes the connections at once; requests under way reject. */
  close(): void {
    for (const { connection } of this.#links.values()) closeNow(connection);
    this.#links.clear();
  }

  #link(lane: 'waiting' | 'prompt'): Link {
    const known = this.#links.get(lane);
    if (known !== undefined) return known;
    const { clientId, library } = this.#options;
    const connection = new Connection(clientId, library);
    const opened: Link = { connection, ready: this.#open(connection) };
    this.#links.set(lane, opened);
    const lost = (): void => {
      if (this.#links.get(lane) === opened) this.#links.delete(lane);
      closeNow(connection);
    };
    connection.on('error', (error) => {
      opened.fault ??= error;
      lost();
    });
    connection.once('close', lost);
    opened.ready.catch(lost);
    return opened;
  }

  async #open(connection: Connection): Promise<Versions> {
    await connection.connect(this.#address.host, this.#address.port);
    const { apiKeys } = await apiVersionsV2.api.async(connection, '', '');
    return new Map(apiKeys.map((range) => [range.apiKey, range]));
  }
}

/** The library rejects a response that has any error code in it; the response is on the error. */
function answerOf<Answer>(error: unknown): Answer {
  if (error instanceof ResponseError) return error.response as Answer;
  throw error;
}

function refuseUnspoken(
  versions: Versions,
  { key, version }: { readonly key: number; readonly version: number },
  what: string,
): void {
  const range = versions.get(key);
  if (range !== undefined && range.minVersion <= version && version <= range.maxVersion) return;
  const spoken = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`;
  const text = `${what}: version ${version} is needed, the broker speaks ${spoken}`;
  throw new KafkaError('UNSUPPORTED_VERSION', text, false);
}

/** Closing by the library alone waits for a connect that is under way. */
function closeNow(connection: Connection): void {
  connection.close().catch(() => undefined);
  const { socket }: { readonly socket: Connection['socket'] | undefined } = connection;
  socket?.destroy();
}

/** Puts options into the library’s words. */
export function toLinkOptions(options: ConnectionOptions): LinkOptions {
  const { clientId, requestTimeoutMs, connectionTimeoutMs, ssl, sasl } = options;
  const library: LibraryOptions = {
    connectTimeout: connectionTimeoutMs,
    requestTimeout: neverMs,
    maxInflights: requestsAtOnce,
    ...(ssl === undefined ? {} : { tls: ssl }),
    ...(sasl === undefined
      ? {}
      : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue } }),
  };
  return { clientId, requestTimeoutMs, library };
}
