const MINUTE_MS = 60_000;
/** Kinds told apart within a minute; what comes on top is capped together, so that hostile names cost no memory. */
const MOST_KINDS = 1000;
const OTHERS = '\u0000others';
/** A record further off than this is not believed about the time until so many in a row agree. */
const FAR_MINUTES = 60;
const STRANGERS_NEEDED = 3;

/** How many dead letters are kept, per task, tenant and code. */
export interface DeadLetterLimits {
  /** Kept in any case, per minute of record time. */
  readonly maxPerMinute: number;
  /** Of those beyond, each so-manieth is kept; 1 keeps all. */
  readonly sampleEvery: number;
}

interface Kind {
  /** Dead letters of this minute. */
  seen: number;
  /** Left out since the last that was kept. */
  leftOut: number;
}

interface SavedCap {
  readonly minute: number;
  readonly strangers: number;
  readonly kinds: readonly (readonly [string, Kind])[];
}

/**
 * Decides which dead letters of a task are kept when there are very many of one tenant and code.
 *
 * Time is that of the records, so that the same input log keeps the same ones; a minute begins when records of a later
 * one are refused. The time does not go back, and a few records with a time of their own do not move it. State is part
 * of the task’s.
 */
export class DeadLetterCap {
  readonly #limits: DeadLetterLimits;
  readonly #kinds = new Map<string, Kind>();
  #minute = Number.NEGATIVE_INFINITY;
  #strangers = 0;
  #dirty = false;

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits;
  }

  /**
   * Takes in a refused record.
   *
   * @param tenant empty where it cannot be told.
   * @param atMs time of the record, epoch ms.
   * @returns how many refused records a dead letter of this one stands for, itself included; 0: it is left out.
   */
  admit(tenant: string, code: string, atMs: number): number {
    this.#dirty = true;
    this.#follow(Math.floor(atMs / MINUTE_MS));
    const kind = this.#kind(`${code}\u0000${tenant}`);
    const { maxPerMinute, sampleEvery } = this.#limits;
    kind.seen += 1;
    const beyond = kind.seen - maxPerMinute;
    if (beyond > 0 && beyond % sampleEvery !== 0) {
      kind.leftOut += 1;
      return 0;
    }
    const standsFor = 1 + kind.leftOut;
    kind.leftOut = 0;
    return standsFor;
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const saved: SavedCap = {
      minute: this.#minute,
      strangers: this.#strangers,
      kinds: [...this.#kinds],
    };
    return Buffer.from(JSON.stringify(saved));
  }

  restore(bytes: Uint8Array): void {
    const { minute, strangers, kinds } = JSON.parse(Buffer.from(bytes).toString()) as SavedCap;
    this.#minute = minute;
    this.#strangers = strangers;
    this.#kinds.clear();
    for (const [name, kind] of kinds) this.#kinds.set(name, kind);
  }

  #follow(minute: number): void {
    const ahead = minute - this.#minute;
    if (Math.abs(ahead) > FAR_MINUTES && this.#minute !== Number.NEGATIVE_INFINITY) {
      this.#strangers += 1;
      if (this.#strangers < STRANGERS_NEEDED) return;
    } else if (ahead <= 0) {
      this.#strangers = 0;
      return;
    }
    this.#strangers = 0;
    this.#minute = minute;
    this.#kinds.clear();
  }

  #kind(name: string): Kind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MOST_KINDS && name !== OTHERS) return this.#kind(OTHERS);
    const created = { seen: 0, leftOut: 0 };
    this.#kinds.set(name, created);
    return created;
  }
}
