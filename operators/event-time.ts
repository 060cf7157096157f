/** How event time moves on, both in ms: how late points may come, and how often its progress is told. */
export interface EventTimeOptions {
  readonly allowedLatenessMs: number;
  readonly tickIntervalMs: number;
}

/** Ticks for a jump, and the span that they cover when there was no tick before. */
const JUMP_STEPS = 9;
const JUMP_SPAN_MS = 3_600_000;

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

  /**
   * Returns the watermarks to tell, rising: none until it has moved far enough, nine equal steps when it jumped.
   *
   * A reader calls a silent partition idle only after several ticks of others, so one tick for a whole file would hold
   * it up for ever.
   */
  takeTicks(): readonly number[] {
    if (this.#newestMs === Number.NEGATIVE_INFINITY) return [];
    const watermarkMs = this.#newestMs - this.#options.allowedLatenessMs;
    const movedMs = watermarkMs - this.#toldMs;
    if (!(movedMs >= this.#options.tickIntervalMs)) return [];
    const steps = movedMs >= JUMP_STEPS * this.#options.tickIntervalMs ? JUMP_STEPS : 1;
    const firstMs = Number.isFinite(movedMs) ? this.#toldMs : watermarkMs - JUMP_SPAN_MS;
    this.#toldMs = watermarkMs;
    this.#dirty = true;
    return Array.from({ length: steps }, (_, i) =>
      Math.floor(firstMs + ((watermarkMs - firstMs) * (i + 1)) / steps),
    );
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
