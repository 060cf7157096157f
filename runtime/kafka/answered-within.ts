import { KafkaError } from './client.ts';

/**
 * Gives up waiting for an answer after `limitMs`.
 *
 * @throws KafkaError `TIMEOUT`, retriable. `what` names the request.
 */
export async function answeredWithin<T>(
  answer: Promise<T>,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new KafkaError('TIMEOUT', `${what}: no answer within ${limitMs} ms`, true));
    }, limitMs);
  });
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
