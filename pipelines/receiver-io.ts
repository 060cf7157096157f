import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { AttemptResult } from '../operators/route/delivery.ts';
import type { RouteOptions } from '../operators/route/options.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { Notification } from '../schemas/generated/notification.ts';

/** A configured receiver. */
export type Receiver = RouteOptions['receivers'][number];

/** Where receivers write to. */
export interface ReceiverOutlets {
  /** Prints a text of several lines for people. */
  readonly print: (text: string) => void;
  /** Relative paths of `file` receivers start here. */
  readonly folder: string;
  /** Appends to a file; absent: to that of this machine. */
  readonly append?: (path: string, text: string) => Promise<void>;
}

const TIMEOUT: ErrorCode = 'SINK_TIMEOUT';
const sent: AttemptResult = { state: 'SENT', code: null, canRetry: false };
const timedOut: AttemptResult = { state: 'FAILED', code: TIMEOUT, canRetry: true };

/**
 * Sends notifications to receivers: `console` prints the text, `file` appends it as one line.
 *
 * An attempt that takes longer than its receiver’s `timeoutMs` has failed. It cannot be taken back and holds a thread of
 * the system’s pool, so until it ends each further attempt at that receiver fails at once.
 */
export class ReceiverSender {
  readonly #outlets: ReceiverOutlets;
  /** Receivers of which an attempt has not ended. */
  readonly #busy = new Set<string>();

  constructor(outlets: ReceiverOutlets) {
    this.#outlets = outlets;
  }

  /**
   * Makes one attempt.
   *
   * @param given ends the wait before its time, as when the worker stops.
   * @returns `SENT`, or `FAILED` with the system’s code, or `SINK_TIMEOUT`; a full disk or a missing folder may pass, so it
   *   can be retried. `undefined` when the wait was ended: nobody knows what came of it.
   */
  async send(
    receiver: Receiver,
    notification: Notification,
    given: AbortSignal,
  ): Promise<AttemptResult | undefined> {
    const { name, timeoutMs } = receiver;
    if (this.#busy.has(name)) return timedOut;
    this.#busy.add(name);
    const attempt = this.#write(receiver, notification.payload ?? '').finally(() =>
      this.#busy.delete(name),
    );
    return await within(attempt, timeoutMs, given);
  }

  async #write({ integration, path = '' }: Receiver, text: string): Promise<AttemptResult> {
    const { print, folder, append = appendLine } = this.#outlets;
    if (integration === 'console') {
      print(text);
      return sent;
    }
    try {
      await append(isAbsolute(path) ? path : join(folder, path), `${text}\n`);
      return sent;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN';
      return { state: 'FAILED', code, canRetry: true };
    }
  }
}

async function within(
  attempt: Promise<AttemptResult>,
  timeoutMs: number,
  given: AbortSignal,
): Promise<AttemptResult | undefined> {
  const over = Promise.withResolvers<AttemptResult | undefined>();
  const timer = setTimeout(() => over.resolve(timedOut), timeoutMs);
  const end = (): void => over.resolve(undefined);
  given.addEventListener('abort', end);
  if (given.aborted) end();
  try {
    return await Promise.race([attempt, over.promise]);
  } finally {
    clearTimeout(timer);
    given.removeEventListener('abort', end);
  }
}

/** Never waits for the reader of a pipe: that would hold a thread, and the process at its end, for as long as none comes. */
async function appendLine(path: string, text: string): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
  try {
    await file.appendFile(text);
  } finally {
    await file.close();
  }
}
