import type { GroupMemory } from './group-memory.ts';

const NONE: ReadonlySet<string> = new Set();

/**
 * Finds the sessions of a group’s terms, and the alerts of a session, by fingerprint.
 *
 * It is derived from groups and alerts and not saved; members and sessions may be added in any
 * order.
 */
export class GroupIndex {
  readonly #sessions = new Map<string, Set<string>>();
  readonly #members = new Map<string, Set<string>>();
  readonly #firing = new Map<string, Set<string>>();

  addSession(group: GroupMemory): void {
    add(this.#sessions, group.terms.key, group.key);
  }

  removeSession(group: GroupMemory): void {
    remove(this.#sessions, group.terms.key, group.key);
  }

  /** Keys of the sessions of these terms, earliest first. */
  sessions(termsKey: string): string[] {
    return [...(this.#sessions.get(termsKey) ?? NONE)].sort(
      (a, b) => startOf(a) - startOf(b) || (a < b ? -1 : 1),
    );
  }

  /** Fingerprints of a session’s alerts, in no order that means anything. */
  members(groupKey: string): string[] {
    return [...(this.#members.get(groupKey) ?? NONE)];
  }

  isFiring(groupKey: string): boolean {
    return this.#firing.has(groupKey);
  }

  fired(groupKey: string, fingerprint: string): void {
    add(this.#members, groupKey, fingerprint);
    add(this.#firing, groupKey, fingerprint);
  }

  resolved(groupKey: string, fingerprint: string): void {
    remove(this.#firing, groupKey, fingerprint);
  }

  left(groupKey: string, fingerprint: string): void {
    remove(this.#members, groupKey, fingerprint);
    remove(this.#firing, groupKey, fingerprint);
  }
}

/** Key of the session of these terms that starts at an event time. */
export function sessionKey(termsKey: string, startMs: number): string {
  return `${termsKey}@${startMs}`;
}

function startOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('@') + 1));
}

function add(sets: Map<string, Set<string>>, key: string, entry: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([entry]));
  else set.add(entry);
}

function remove(sets: Map<string, Set<string>>, key: string, entry: string): void {
  const set = sets.get(key);
  if (set?.delete(entry) && set.size === 0) sets.delete(key);
}
