import {
  AuthenticationError,
  NetworkError,
  ProtocolError,
  protocolErrors,
  protocolErrorsCodesById,
  TimeoutError,
} from '@platformatic/kafka';
import { KafkaError } from './client.ts';

interface KnownError {
  readonly id: string;
  readonly message: string;
  readonly canRetry: boolean;
}

const namesByCode: Readonly<Record<number, string>> = protocolErrorsCodesById;
const errorsByName: Readonly<Record<string, KnownError>> = protocolErrors;

/** Gives the error of a code in a response, or undefined for success (code 0). */
export function errorOfCode(code: number, what: string): KafkaError | undefined {
  if (code === 0) return undefined;
  const known = errorsByName[namesByCode[code] ?? ''];
  const type = known?.id ?? `CODE_${code}`;
  const text = `${what}: ${type}: ${known?.message ?? 'a code that is not known here'}`;
  return new KafkaError(type, text, known?.canRetry === true);
}

/** Throws the error of a response’s own code. */
export function throwIfFailed(code: number, what: string): void {
  const error = errorOfCode(code, what);
  if (error !== undefined) throw error;
}

/** Turns whatever the library throws into a `KafkaError`, by its causes. `what` names the request. */
export function toKafkaError(thrown: unknown, what: string): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const causes = causesOf(thrown);
  const text = `${what}: ${causes.map(({ message }) => message).join(': ')}`;
  const failure = (type: string, retriable: boolean): KafkaError =>
    new KafkaError(type, text, retriable, { cause: thrown });
  const refused = causes.findIndex((error) => error instanceof AuthenticationError);
  // An authentication that ends because the connection does says nothing about the password.
  const cut = causes.slice(refused).some((error) => error instanceof NetworkError);
  if (refused >= 0 && !cut) return failure('AUTHENTICATION', false);
  const answered = causes.find((error) => error instanceof ProtocolError);
  if (answered !== undefined) return failure(String(answered.apiId), answered.canRetry === true);
  if (causes.some((error) => error instanceof TimeoutError)) return failure('TIMEOUT', true);
  if (causes.some((error) => error instanceof NetworkError)) return failure('CONNECTION', true);
  return failure(causes.at(-1)?.name ?? 'Error', false);
}

/** An error and what caused it, outermost first; of several causes at once the first. */
function causesOf(thrown: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at: unknown = thrown; at instanceof Error; ) {
    causes.push(at);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return causes.length > 0 ? causes : [new Error(String(thrown))];
}
