import {
  AuthenticationError,
  NetworkError,
  ProtocolError,
  TimeoutError,
} from '@platformatic/kafka';
import { isCertificateRefusal } from './certificate-refusal.ts';
import { KafkaError } from './client.ts';

/** Turns whatever the library throws into a `KafkaError`, by its causes. `what` names the request. */
export function toKafkaError(thrown: unknown, what: string): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const causes = causesOf(thrown);
  const text = `${what}: ${causes.map(({ message }) => message).join(': ')}`;
  const failure = (type: string, retriable: boolean): KafkaError =>
    new KafkaError(type, text, retriable, { cause: thrown });
  if (causes.some(isCertificateRefusal)) return failure('AUTHENTICATION', false);
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
