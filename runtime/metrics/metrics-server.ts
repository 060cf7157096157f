import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PipelineError } from '../errors.ts';

/** Connections at a time; a scraper and a probe need one each. */
const MOST_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 15_000;
const MOST_HEADER_BYTES = 8192;
/** How long answers under way may take once the server is asked to close. */
const CLOSE_MS = 1000;

/** What a path answers. */
export interface MetricsAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Where to listen, and what each path answers. Port 0 takes any free port. */
export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly paths: Readonly<Record<string, () => Promise<MetricsAnswer> | MetricsAnswer>>;
  /** Told of an answer that could not be made; the client only sees a 500. */
  readonly failed: (path: string, error: unknown) => void;
}

/** A server that is listening. */
export interface MetricsServer {
  readonly host: string;
  readonly port: number;
  /** Stops listening, lets answers under way end (at most a second), and closes all connections. */
  close(): Promise<void>;
}

/**
 * Opens the small HTTP server of metrics and health: GET only, bodies ignored, everything bounded.
 *
 * No TLS and no login: it belongs on loopback or behind something that has both.
 *
 * @throws PipelineError `LISTENER_REFUSED` (fate: stop) when the address cannot be listened on.
 */
export async function openMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: REQUEST_TIMEOUT_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  const server = createServer(limits, (request, response) => {
    answer(options, request).then(
      (given) => send(response, given),
      (error: unknown) => {
        options.failed(pathOf(request), error);
        send(response, text(500, 'internal error'));
      },
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port, close: () => close(server) };
}

async function answer(
  { paths }: MetricsServerOptions,
  request: IncomingMessage,
): Promise<MetricsAnswer> {
  const path = pathOf(request);
  const known = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (known === undefined) {
    return text(404, `not found; there are ${Object.keys(paths).join(', ')}`);
  }
  if (request.method !== 'GET') return text(405, 'only GET is answered');
  return await known();
}

function send(response: ServerResponse, { status, type, body }: MetricsAnswer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET' } : {}),
    // A body that came with it is not read: the connection must not be used again.
    ...(status === 405 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

function text(status: number, sentence: string): MetricsAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${sentence}\n` };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

async function listen(server: Server, { host, port }: MetricsServerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new PipelineError('LISTENER_REFUSED', `${host}:${port} (${reason})`, { cause });
  }
  server.off('error', reject);
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await promise;
  clearTimeout(cut);
}
