import { pino } from 'pino';

/** Levels of the log, from the most talkative to none. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** A level of the log. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where code that runs on the main thread reports: structured fields first, then a sentence. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Creates a log of JSON lines on standard error; records never go into it, only their topic, partition and offset. */
export function createLog(level: LogLevel): Log {
  return pino(
    { level, base: null, messageKey: 'text' },
    pino.destination({ dest: 2, sync: false }),
  );
}
