import type { SeriesIdentity } from '../../schemas/identity.ts';

/** Characters of canonical text that a series may take on average before fewer are remembered. */
const CHARACTERS = 512;

/** What validate remembers of a series between records. */
export interface KnownSeries {
  readonly identity: SeriesIdentity;
  readonly partition: number;
  /** Event time, epoch ms, at which its definition was sent last. */
  definedMs: number;
}

/**
 * Remembers the series seen lately, by their canonical text, in two generations of at most half the limit each.
 *
 * When the young generation is full it becomes the old one and the old one is forgotten: every series used in between
 * survives, and nothing is moved per use but by a series’ first use in a generation. Long texts count for several
 * series, so that memory is bounded too.
 */
export class RecentSeries {
  readonly #half: number;
  #youngCharacters = 0;
  #young = new Map<string, KnownSeries>();
  #old = new Map<string, KnownSeries>();

  /** @param limit most series remembered. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get(text: string): KnownSeries | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.put(text, old);
    return old;
  }

  put(text: string, series: KnownSeries): void {
    const full = this.#youngCharacters + text.length > this.#half * CHARACTERS;
    if (this.#young.size >= this.#half || full) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#youngCharacters += text.length;
    this.#young.set(text, series);
  }
}
