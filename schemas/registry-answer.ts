import type { SchemaRegistry as Client } from '@kafkajs/confluent-schema-registry';

type Middleware = NonNullable<ConstructorParameters<typeof Client>[0]['middlewares']>[number];

const BY_ID = /\/schemas\/ids\/\d+$/;

/** What an answer of a registry means for whoever asked. */
export type RegistryVerdict = 'unknownId' | 'incompatible' | 'refused' | 'away' | 'unreadable';

/** Makes the Confluent client fail, with status 502, on a 200 for an id that holds no schema text. */
export const answerMiddleware: Middleware = () => ({
  async response(next) {
    const answer = await next();
    if (BY_ID.test(answer.request().path()) && !holdsSchema(answer.rawData())) {
      throw Object.assign(new Error('the answer holds no schema'), { status: 502 });
    }
    return answer;
  },
});

/**
 * Says what an error of the Confluent client means.
 *
 * The client reports a request without any answer as 400, so a 400 is `away`; so is a 404 whose body is no JSON with a
 * message, which comes from a wrong base path. An error without status is not from the wire: `unreadable`.
 */
export function registryVerdict(error: unknown): RegistryVerdict {
  const status = statusOf(error);
  switch (status) {
    case undefined:
      return 'unreadable';
    case 404:
      return messageOf(error).includes('Error, status 404') ? 'away' : 'unknownId';
    case 409:
    case 422:
      return 'incompatible';
    case 401:
    case 403:
      return 'refused';
    default:
      return 'away';
  }
}

/** Returns the message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}

function holdsSchema(json: string | null): boolean {
  try {
    return typeof (JSON.parse(json ?? 'null') as { schema?: unknown } | null)?.schema === 'string';
  } catch {
    return false;
  }
}
