import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfluentRegistryOptions } from './confluent-registry.ts';
import { ConfluentRegistry } from './confluent-registry.ts';
import { schemaTexts } from './generated/schema-texts.ts';

/** The Confluent API over a table of subjects, on loopback; `answer` can replace any reply. */
class LoopbackRegistry {
  readonly requests: string[] = [];
  readonly subjects = new Map<string, number>();
  readonly texts = new Map<number, string>();
  readonly levels = new Map<string, string>();
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.#reply(request, Buffer.concat(chunks).toString(), response));
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #reply(request: IncomingMessage, body: string, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.answer?.(request, response) === true) return;
    const [, area, name = '', part] = decodeURIComponent(request.url ?? '').split('/');
    if (area === 'config' && request.method === 'PUT') {
      this.levels.set(name, JSON.parse(body).compatibility);
      return send(response, 200, { compatibility: this.levels.get(name) });
    }
    if (area === 'config') {
      const level = this.levels.get(name);
      if (level === undefined) return send(response, 404, { error_code: 40408, message: 'none' });
      return send(response, 200, { compatibilityLevel: level });
    }
    if (area === 'subjects') return send(response, 200, { id: this.#idOf(name, JSON.parse(body)) });
    const schema = this.texts.get(Number(part));
    if (schema !== undefined) return send(response, 200, { schema });
    return send(response, 404, { error_code: 40403, message: 'Schema not found' });
  }

  #idOf(subject: string, { schema }: { schema: string }): number {
    const known = [...this.texts].find(([, text]) => text === schema)?.[0];
    const id = known ?? 100 + this.texts.size;
    this.texts.set(id, schema);
    this.subjects.set(subject, id);
    return id;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

let server: LoopbackRegistry;
let url: string;
let nowMs = 0;

beforeEach(async () => {
  server = new LoopbackRegistry();
  url = await server.open();
  nowMs = 1_000;
});
afterEach(() => server.close());

function registry(options: Partial<ConfluentRegistryOptions> = {}): ConfluentRegistry {
  return new ConfluentRegistry({
    url,
    prefix: 'vigie.',
    clock: { nowMs: () => nowMs },
    ...options,
  });
}

function answerWith(status: number, body: unknown): void {
  server.answer = (_request, response) => {
    send(response, status, body);
    return true;
  };
}

test('registers a record under the subject of every topic that holds it, as BACKWARD', async () => {
  const id = await registry().register('SeriesBatch', schemaTexts.SeriesBatch);
  const subjects = ['metrics.validated', 'metrics.enriched'].map(
    (topic) => `vigie.${topic}-io.vigie.SeriesBatch`,
  );
  expect([...server.subjects]).toEqual(subjects.map((subject) => [subject, id]));
  expect([...server.levels]).toEqual(subjects.map((subject) => [subject, 'BACKWARD']));
  expect(await registry().register('SeriesBatch', schemaTexts.SeriesBatch)).toBe(id);
});

test('gives back a schema that reads as the one registered, and asks once', async () => {
  const reader = registry();
  const id = await registry().register('Alert', schemaTexts.Alert);
  const text = await reader.fetch(id);
  expect(JSON.parse(text ?? '')).toMatchObject({ name: 'io.vigie.Alert', type: 'record' });
  expect(await reader.fetch(id)).toBe(text);
  expect(server.requests.filter((request) => request.includes('/schemas/ids/'))).toHaveLength(1);
});

test('asks again for an unknown id only after its time', async () => {
  const reader = registry({ unknownIdTtlMs: 500 });
  expect(await reader.fetch(7)).toBeUndefined();
  nowMs += 499;
  expect(await reader.fetch(7)).toBeUndefined();
  expect(server.requests).toHaveLength(1);
  server.texts.set(7, schemaTexts.Tick);
  nowMs += 1;
  expect(await reader.fetch(7)).toContain('Tick');
});

test('reports a registry that does not answer as away, and recovers', async () => {
  server.answer = (request) => {
    request.socket.destroy();
    return true;
  };
  const reader = registry();
  await expect(reader.fetch(7)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    fate: 'retry',
  });
  await expect(reader.register('Tick', schemaTexts.Tick)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  });
  server.answer = undefined;
  expect(await reader.fetch(7)).toBeUndefined();
});

test('reports a port that nobody listens on as away', async () => {
  await server.close();
  await expect(registry().fetch(7)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  await server.open();
});

test('gives up on a registry that never finishes its answer', async () => {
  server.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    return true;
  };
  await expect(registry({ timeoutMs: 20 }).fetch(7)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    detail: 'no answer in 20 ms',
  });
});

test.each([
  ['500', 500, { error_code: 50001, message: 'store' }],
  ['404 of a wrong base path', 404, '<html>not here</html>'],
  ['200 that is no schema', 200, '<html>log in</html>'],
  ['400', 400, { error_code: 400, message: 'bad' }],
])('takes %s for an id as away, never as unknown', async (_name, status, body) => {
  answerWith(status, body);
  const reader = registry();
  await expect(reader.fetch(7)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  server.answer = undefined;
  server.texts.set(7, schemaTexts.Tick);
  expect(await reader.fetch(7)).toContain('Tick');
});

test.each([401, 403])('takes %i as refused for good', async (status) => {
  answerWith(status, { error_code: status, message: 'no' });
  await expect(registry().fetch(7)).rejects.toMatchObject({
    code: 'TRANSPORT_REFUSED',
    fate: 'stop',
  });
});

test('says which subject is not BACKWARD', async () => {
  server.answer = (request, response) => {
    if (request.method !== 'POST') return false;
    send(response, 409, { error_code: 409, message: 'incompatible' });
    return true;
  };
  await expect(registry().register('Tick', schemaTexts.Tick)).rejects.toMatchObject({
    code: 'SCHEMA_INCOMPATIBLE',
    detail: expect.stringContaining('vigie.metrics.raw-io.vigie.Tick'),
  });
});

test('refuses a subject that is configured with another compatibility', async () => {
  server.levels.set('vigie.anomalies-io.vigie.Tick', 'NONE');
  await expect(registry().register('Tick', schemaTexts.Tick)).rejects.toMatchObject({
    code: 'OPTIONS_INVALID',
    detail: expect.stringContaining('NONE'),
  });
});

test('hands a schema that is no Avro on as a text, for the codec to judge', async () => {
  server.texts.set(7, '{"type":"record","name":"X"}');
  expect(await registry().fetch(7)).toMatch(/^"/);
});

test('sends the credentials it was given', async () => {
  let authorization: string | undefined;
  server.answer = (request) => {
    authorization = request.headers.authorization;
    return false;
  };
  await registry({ username: 'u', password: 'p' }).fetch(7);
  expect(authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
});
