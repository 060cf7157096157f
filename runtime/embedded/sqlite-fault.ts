import { type ErrorCode, PipelineError } from '../errors.ts';

/** Primary result codes of SQLite after which the same request may succeed later: sqlite.org/rescode.html. */
const PASSING = new Map<number, string>([
  [5, 'the file is locked'],
  [6, 'a table is locked'],
  [7, 'out of memory'],
  [10, 'the disk reported an error'],
  [13, 'the disk is full'],
]);

/** The file is corrupt, or is no database. */
const UNREADABLE = new Set([11, 26]);

/** The primary codes for a value or statement that the log will never take, whatever the state of the disk. */
const OF_THE_REQUEST = new Set([1, 18, 19, 20, 25]);

/**
 * Turns whatever SQLite threw into a `PipelineError`: `TRANSPORT_UNAVAILABLE` where a retry can help (disk full, I/O
 * error, lock), `LOG_UNREADABLE` for a corrupt file, else `TRANSPORT_REFUSED` (read-only, refused value).
 */
export function sqliteFault(error: unknown, where: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const primary = primaryCode(error);
  const passing = primary === undefined ? undefined : PASSING.get(primary);
  const reason = passing === undefined ? text : `${passing} (${text})`;
  return new PipelineError(errorCode(primary), `${where}: ${reason}`, { cause: error });
}

function errorCode(primary: number | undefined): ErrorCode {
  if (primary === undefined) return 'TRANSPORT_REFUSED';
  if (PASSING.has(primary)) return 'TRANSPORT_UNAVAILABLE';
  return UNREADABLE.has(primary) ? 'LOG_UNREADABLE' : 'TRANSPORT_REFUSED';
}

/** Tells whether the request itself is at fault, so that others of its transaction may pass without it. */
export function isFaultOfRequest(error: unknown): boolean {
  if (error instanceof PipelineError) return error.code === 'TRANSPORT_REFUSED';
  const primary = primaryCode(error);
  return primary !== undefined && OF_THE_REQUEST.has(primary);
}

/** Tells whether another connection holds the file. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === 5;
}

/** The low byte of an extended result code. */
function primaryCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
