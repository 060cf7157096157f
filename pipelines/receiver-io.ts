import { appendFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { AttemptResult } from '../operators/route/delivery.ts';
import type { RouteOptions } from '../operators/route/options.ts';
import type { Notification } from '../schemas/generated/notification.ts';

/** A configured receiver. */
export type Receiver = RouteOptions['receivers'][number];

/** Where receivers write to. */
export interface ReceiverOutlets {
  /** Prints a text of several lines for people. */
  readonly print: (text: string) => void;
  /** Relative paths of `file` receivers start here. */
  readonly folder: string;
}

/**
 * Sends a notification to a receiver: `console` prints its text, `file` appends it as one line.
 *
 * @returns `SENT`, or `FAILED` with the system’s code; a full disk or a missing folder may pass, so it can be retried.
 */
export async function sendTo(
  receiver: Receiver,
  notification: Notification,
  outlets: ReceiverOutlets,
): Promise<AttemptResult> {
  const text = notification.payload ?? '';
  if (receiver.integration === 'console') {
    outlets.print(text);
    return { state: 'SENT', code: null, canRetry: false };
  }
  const path = receiver.path ?? '';
  try {
    await appendFile(isAbsolute(path) ? path : join(outlets.folder, path), `${text}\n`);
    return { state: 'SENT', code: null, canRetry: false };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN';
    return { state: 'FAILED', code, canRetry: true };
  }
}
