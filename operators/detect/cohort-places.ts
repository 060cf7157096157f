/** Rows whose cohort is remembered at once: as many young series as come by turns without a look at a definition. */
const PLACES = 2 ** 18;
/** Most names of cohorts at once; a further one begins anew. */
const MOST_KEYS = 2 ** 16 - 1;

interface Named {
  readonly key: string;
  readonly metricClass: string;
}

/**
 * Remembers the cohort of rows that were asked about of late, each at one place: a row that shares it takes it over.
 *
 * Cost: two reads; 1.5 MiB, from the first note on. Nothing of it is saved.
 */
export class CohortPlaces {
  /** Row plus 1, and number of its cohort, by place. */
  #rows = new Uint32Array(0);
  #numbers = new Uint16Array(0);
  readonly #named: Named[] = [];
  readonly #numberOf = new Map<string, number>();

  /** Returns the key of a row’s cohort, if that is remembered and of this class. */
  keyOf(row: number, metricClass: string): string | undefined {
    const place = row & (PLACES - 1);
    if (this.#rows[place] !== row + 1) return undefined;
    const named = this.#named[this.#numbers[place] as number];
    return named?.metricClass === metricClass ? named.key : undefined;
  }

  note(row: number, metricClass: string, key: string): void {
    if (this.#rows.length === 0) this.#reserve();
    const number = this.#numberOf.get(key) ?? this.#name({ key, metricClass });
    const place = row & (PLACES - 1);
    this.#rows[place] = row + 1;
    this.#numbers[place] = number;
  }

  forget(row: number): void {
    const place = row & (PLACES - 1);
    if (this.#rows[place] === row + 1) this.#rows[place] = 0;
  }

  #name(named: Named): number {
    if (this.#named.length > MOST_KEYS) {
      this.#rows.fill(0);
      this.#named.length = 0;
      this.#numberOf.clear();
    }
    this.#numberOf.set(named.key, this.#named.length);
    return this.#named.push(named) - 1;
  }

  #reserve(): void {
    this.#rows = new Uint32Array(PLACES);
    this.#numbers = new Uint16Array(PLACES);
  }
}
