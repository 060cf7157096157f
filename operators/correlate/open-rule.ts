import type { AlertMemory } from './alert-memory.ts';
import type { CorrelateOptions } from './options.ts';
import { isOfEntity } from './signal.ts';

/**
 * Decides whether alerts that have fired make an incident.
 *
 * They do when a firing one is critical or a rule breach, or when `minMembers` of them fired less than
 * a window from `atMs`. Each series counts once: an alert that flaps is still one, and that of an entity, which says what
 * its series say, is none.
 */
export function opensIncident(
  alerts: readonly AlertMemory[],
  atMs: number,
  options: Pick<CorrelateOptions, 'windowMs' | 'minMembers'>,
): boolean {
  let near = 0;
  for (const alert of alerts) {
    if (alert.state === 'FIRING' && (alert.critical || alert.breach)) return true;
    if (!isOfEntity(alert.signal) && firedNear(alert, atMs, options.windowMs)) near++;
  }
  return near >= options.minMembers;
}

/** Tells whether an alert last fired less than a window from an event time. */
export function firedNear(alert: AlertMemory, atMs: number, windowMs: number): boolean {
  return Math.abs(firedAt(alert) - atMs) < windowMs;
}

/** Orders alerts by when they last fired, then by fingerprint. */
export function compareFired(a: AlertMemory, b: AlertMemory): number {
  return firedAt(a) - firedAt(b) || (a.signal.fingerprint < b.signal.fingerprint ? -1 : 1);
}

function firedAt(alert: AlertMemory): number {
  return alert.firedAtMs ?? alert.pendingAtMs;
}
