import type { ErrorCode } from '../../runtime/errors.ts';
import { isOld, stampOf } from './definition-times.ts';

/** What is wrong with a series. */
export interface SeriesFault {
  readonly code: ErrorCode;
  readonly detail: string;
}

const FAULT = 0x8000;
const CODE_BITS = 0xffff;
/** Faults of a head that are kept; series with further ones are checked each time. */
const MOST_FAULTS = 16;

/**
 * What was found out about the series of a head, 12 bytes each: id, partition or fault, and when its definition was sent
 * last. It stands by the series’ place in the head, so that whoever goes through a record goes through memory in order.
 */
export class HeadPlaces {
  /** Id’s low and high word; code (0: nothing yet, partition + 1, or fault) and above it the stamp of its definition. */
  readonly #words: Uint32Array;
  readonly #faults: SeriesFault[] = [];
  #kept = false;

  constructor(series: number) {
    this.#words = new Uint32Array(3 * series);
  }

  get series(): number {
    return this.#words.length / 3;
  }

  /** Whether this is found again with the next record of the same head, as long as there is room for it. */
  get isKept(): boolean {
    return this.#kept;
  }

  /** Says that it is. */
  keep(): void {
    this.#kept = true;
  }

  /** Whether a series is known to be good or bad. */
  isKnown(place: number): boolean {
    return this.#code(place) !== 0;
  }

  /** Fault of a series, if it is known to have one. */
  faultOf(place: number): SeriesFault | undefined {
    const code = this.#code(place);
    return code < FAULT ? undefined : this.#faults[code - FAULT];
  }

  lowOf(place: number): number {
    return this.#words[3 * place] as number;
  }

  highOf(place: number): number {
    return this.#words[3 * place + 1] as number;
  }

  partitionOf(place: number): number {
    return this.#code(place) - 1;
  }

  setGood(place: number, low: number, high: number, partition: number): void {
    this.#words[3 * place] = low;
    this.#words[3 * place + 1] = high;
    this.#words[3 * place + 2] = partition + 1;
  }

  /** Remembers a fault as long as there are not many. */
  setFault(place: number, fault: SeriesFault): void {
    if (this.#faults.length >= MOST_FAULTS) return;
    this.#words[3 * place + 2] = FAULT + this.#faults.length;
    this.#faults.push(fault);
  }

  /** Whether this head may be the one to send a definition again at a time, ms. */
  isDue(place: number, ms: number): boolean {
    return isOld((this.#words[3 * place + 2] as number) >>> 16, stampOf(ms));
  }

  /** Whether the definition was due under this head before. */
  wasDue(place: number): boolean {
    return (this.#words[3 * place + 2] as number) >>> 16 !== 0;
  }

  /** Notes that the definition has been sent. */
  setDefined(place: number, ms: number): void {
    this.#words[3 * place + 2] = this.#code(place) | (stampOf(ms) << 16);
  }

  /** Forgets that a definition has been sent. */
  setUndefined(place: number): void {
    this.#words[3 * place + 2] = this.#code(place);
  }

  #code(place: number): number {
    return (this.#words[3 * place + 2] as number) & CODE_BITS;
  }
}
