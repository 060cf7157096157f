import { isCertificateRefusal } from './certificate-refusal.ts';
import { KafkaError } from './client.ts';

/** Errors of kafkajs that mean: no answer from a broker, or not the one looked for. */
const connectionErrors: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
]);

/** Turns whatever kafkajs throws into a `KafkaError`, by the innermost cause. `what` names the request. */
export function toKafkaError(thrown: unknown, what: string): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const cause = innermost(thrown);
  const { type, name, message, retriable } = describe(cause);
  const options = { cause: thrown };
  if (type !== undefined) {
    return new KafkaError(type, `${what}: ${type}: ${message}`, retriable, options);
  }
  if (isCertificateRefusal(cause)) {
    return new KafkaError('AUTHENTICATION', `${what}: ${message}`, false, options);
  }
  if (connectionErrors.has(name)) {
    return new KafkaError('CONNECTION', `${what}: ${message}`, true, options);
  }
  if (name === 'KafkaJSRequestTimeoutError') {
    return new KafkaError('TIMEOUT', `${what}: ${message}`, true, options);
  }
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new KafkaError('AUTHENTICATION', `${what}: ${message}`, false, options);
  }
  return new KafkaError(name, `${what}: ${message}`, retriable, options);
}

interface Description {
  readonly type: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly retriable: boolean;
}

function innermost(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof Error && error.cause instanceof Error) error = error.cause;
  return error;
}

function describe(error: unknown): Description {
  if (!(error instanceof Error)) {
    return { type: undefined, name: 'Error', message: String(error), retriable: false };
  }
  const { type, retriable } = error as Error & { type?: unknown; retriable?: unknown };
  return {
    type: typeof type === 'string' ? type : undefined,
    name: error.name,
    message: error.message,
    retriable: retriable === true,
  };
}
