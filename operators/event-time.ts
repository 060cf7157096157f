/** How event time moves on, both in ms: how late points may come, and how often its progress is told. */
export interface EventTimeOptions {
  readonly allowedLatenessMs: number;
  readonly tickIntervalMs: number;
}

/**
 * Follows the event time of a task: the watermark is its newest time less the allowed lateness, and never goes back.
 */
export class EventTime {
  readonly #options: EventTimeOptions;
  #newestMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  #dirty = false;

  constructor(options: EventTimeOptions) {
    this.#options = options;
  }

  /** Takes in the newest time of some points. */
  observe(ms: number): void {
    if (ms <= this.#newestMs) return;
    this.#newestMs = ms;
    this.#dirty = true;
  }

  /** Returns the watermark when it has moved far enough to be told again; nothing before the first point. */
  takeTick(): number | undefined {
    if (this.#newestMs === Number.NEGATIVE_INFINITY) return undefined;
    const watermarkMs = this.#newestMs - this.#options.allowedLatenessMs;
    if (!(watermarkMs >= this.#toldMs + this.#options.tickIntervalMs)) return undefined;
    this.#toldMs = watermarkMs;
    this.#dirty = true;
    return watermarkMs;
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return new Uint8Array(Float64Array.of(this.#newestMs, this.#toldMs).buffer);
  }

  restore(bytes: Uint8Array): void {
    const [newestMs = Number.NEGATIVE_INFINITY, toldMs = Number.NEGATIVE_INFINITY] =
      new Float64Array(Uint8Array.from(bytes).buffer);
    this.#newestMs = newestMs;
    this.#toldMs = toldMs;
  }
}
