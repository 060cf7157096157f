import {
  type API,
  apiVersionsV2,
  Connection,
  type ConnectionOptions as LibraryOptions,
  protocolAPIsById,
  ResponseError,
} from '@platformatic/kafka';
import { KafkaError } from './client.ts';
import type { Address } from './connection-options.ts';
import { toKafkaError } from './platformatic-errors.ts';

/** How a node is spoken to. */
export interface NodeOptions {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly library: LibraryOptions;
}

/** Versions a node speaks, by the number of the request. */
type Versions = ReadonlyMap<number, { readonly minVersion: number; readonly maxVersion: number }>;

interface Link {
  readonly connection: Connection;
  readonly ready: Promise<Versions>;
}

/** What a request may wait for on the broker, in milliseconds; such requests have a connection of their own. */
export type WaitMs = number;

const requestNames: Readonly<Record<number, string>> = protocolAPIsById;

/**
 * The connections to one node: one for requests that wait for something, one for all others, since a broker answers
 * the requests of a connection one after the other. Each is opened when first needed and again after it was lost.
 */
export class PlatformaticNode {
  readonly address: Address;
  readonly #options: NodeOptions;
  readonly #links = new Map<'waiting' | 'prompt', Link>();

  constructor(address: Address, options: NodeOptions) {
    this.address = address;
    this.#options = options;
  }

  get connected(): boolean {
    return this.#links.get('prompt')?.connection.isConnected() === true;
  }

  /**
   * Sends a request and gives its response, with whatever error codes are in it: callers look at each part.
   *
   * @throws KafkaError when there is no answer, or the node does not speak this version of the request.
   */
  async send<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    parameters: Parameters,
    waitMs: WaitMs,
  ): Promise<Answer> {
    const { host, port } = this.address;
    const name = requestNames[api.key] ?? `request ${api.key}`;
    const what = `${name} to ${host}:${port}`;
    const link = this.#link(waitMs > 0 ? 'waiting' : 'prompt');
    try {
      refuseUnspoken(await link.ready, api, what);
      const answer = api.async(link.connection, ...parameters).catch(answerOf<Answer>);
      return await within(answer, this.#options.requestTimeoutMs + waitMs, what);
    } catch (error) {
      throw toKafkaError(error, what);
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
    connection.on('error', lost);
    connection.once('close', lost);
    opened.ready.catch(lost);
    return opened;
  }

  async #open(connection: Connection): Promise<Versions> {
    await connection.connect(this.address.host, this.address.port);
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

/** The library has one limit per connection; requests that wait need one each. */
async function within<T>(answer: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new KafkaError('TIMEOUT', `${what}: no answer within ${limitMs} ms`, true));
    }, limitMs);
  });
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Closing by the library alone waits for a connect that is under way. */
function closeNow(connection: Connection): void {
  connection.close().catch(() => undefined);
  const { socket }: { readonly socket: Connection['socket'] | undefined } = connection;
  socket?.destroy();
}
