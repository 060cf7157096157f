import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../errors.ts';
import {
  type MetricsServer,
  type MetricsServerOptions,
  openMetricsServer,
} from './metrics-server.ts';

const open: MetricsServer[] = [];
const failures: [string, unknown][] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
  failures.length = 0;
});

async function serve(paths: MetricsServerOptions['paths'], port = 0): Promise<MetricsServer> {
  const failed = (path: string, error: unknown) => failures.push([path, error]);
  const server = await openMetricsServer({ host: '127.0.0.1', port, paths, failed });
  open.push(server);
  return server;
}

const hello = { status: 200, type: 'text/plain', body: 'hëllo' };

async function ask({ port }: MetricsServer, path: string, method = 'GET') {
  const asked = request({ host: '127.0.0.1', port, path, method });
  asked.end();
  const [response] = await once(asked, 'response');
  return {
    status: response.statusCode as number,
    headers: response.headers as Record<string, string>,
    body: await text(response),
  };
}

describe('openMetricsServer', () => {
  it('answers its paths, queries left out of account', async () => {
    const server = await serve({ '/metrics': () => hello });
    const { status, headers, body } = await ask(server, '/metrics?x=/livez');
    expect({ status, body }).toEqual({ status: 200, body: 'hëllo' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'cache-control': 'no-store' });
  });

  it.each(['/', '/metric', '/metrics/', '/__proto__', '/constructor', '//metrics', '/../metrics'])(
    'does not know %s',
    async (path) => {
      const server = await serve({ '/metrics': () => hello });
      expect((await ask(server, path)).status).toBe(404);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('refuses %s', async (method) => {
    const server = await serve({ '/metrics': () => hello });
    const { status, headers } = await ask(server, '/metrics', method);
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET');
  });

  it('says no more than 500 to the client when an answer fails, and the whole to its owner', async () => {
    const secret = new Error('at 10.0.0.7');
    const server = await serve({ '/metrics': () => Promise.reject(secret) });
    const { status, body } = await ask(server, '/metrics');
    expect({ status, body }).toEqual({ status: 500, body: 'internal error\n' });
    expect(failures).toEqual([['/metrics', secret]]);
  });

  it('refuses an address that is taken', async () => {
    const { port } = await serve({});
    const refused = serve({}, port);
    await expect(refused).rejects.toThrow(PipelineError);
    await expect(refused).rejects.toMatchObject({ code: 'LISTENER_REFUSED' });
  });

  it('lets an answer under way end when it closes, and takes no new ones', async () => {
    const release = Promise.withResolvers<typeof hello>();
    const asked = Promise.withResolvers<void>();
    const server = await serve({
      '/slow': () => {
        asked.resolve();
        return release.promise;
      },
    });
    const answered = ask(server, '/slow');
    await asked.promise;
    const closed = server.close();
    await expect(ask(server, '/slow')).rejects.toThrow('ECONNREFUSED');
    release.resolve(hello);
    expect((await answered).status).toBe(200);
    await closed;
  });

  it('closes although a client holds its connection', async () => {
    const server = await serve({ '/never': () => new Promise(() => undefined) });
    const idle = connect(server.port, '127.0.0.1');
    const hanging = connect(server.port, '127.0.0.1');
    idle.on('error', () => undefined);
    hanging.on('error', () => undefined);
    await Promise.all([once(idle, 'connect'), once(hanging, 'connect')]);
    hanging.write('GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
    const closed = [idle, hanging].map(
      (socket) => new Promise<unknown>((resolve) => socket.on('close', resolve)),
    );
    await server.close();
    await Promise.all(closed);
  });
});
