/** The latest time that a date can have, epoch ms: anything beyond is no time. */
const LATEST_MS = 8.64e15;

/** Tells whether a number is a time: whole milliseconds from 1970 to the latest that a date can have. */
export function isEventTime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms <= LATEST_MS;
}
