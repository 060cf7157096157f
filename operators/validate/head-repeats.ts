/** Of so many series one is in the sample, by the high word of its id: hashes, so a prefix is as good as chance. */
const SAMPLE_BITS = 6;
/** Before so many series of the sample had their definition withheld nothing is made of it. */
const LEAST_WITHHELD = 16;
/** Definitions withheld against those sent, in the sample, from which on heads are held not to come again. */
const MOST_WITHHELD = 1 / 8;

/**
 * Tells from a sample whether the heads of packed records come again, so that what a head remembers of its series need
 * not be remembered a second time by series.
 *
 * A series whose definition is due by its head, and is known to have been sent lately all the same, has come under another
 * head. Where that is seldom, a series under a head that is kept is left to its head. Where it is not, each series is
 * remembered by its id when it first comes under a head, or producers that pack their series differently each time would
 * have definitions sent with every record.
 */
export class HeadRepeats {
  #sent = 0;
  #withheld = 0;

  /** Whether a series is remembered by its id in any case. */
  isSampled(high: number): boolean {
    return high >>> (32 - SAMPLE_BITS) === 0;
  }

  /** Notes of a series of the sample, due by its head, whether its definition is sent. */
  note(sent: boolean): void {
    if (sent) this.#sent += 1;
    else this.#withheld += 1;
  }

  /** Whether series are left to their heads. */
  get hold(): boolean {
    return this.#withheld < LEAST_WITHHELD || this.#withheld < this.#sent * MOST_WITHHELD;
  }
}
