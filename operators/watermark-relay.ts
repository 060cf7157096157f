import type { EventTick } from './event-time.ts';
import { isEventTime } from './is-event-time.ts';
import {
  PartitionWatermark,
  type SavedWatermark,
  type WatermarkTerms,
} from './partition-watermark.ts';

/** How a stage passes event time on. */
export interface RelaySetup extends WatermarkTerms {
  /** Partitions of the stage before that will tick; others are not listened to. */
  readonly sources: number;
  /** Whether those not heard yet hold the watermark: all of them feed this task. */
  readonly expectsAll: boolean;
  /** Event time between two ticks, ms; a tick that a silence brought about is passed on at once. */
  readonly tickIntervalMs: number;
}

interface SavedRelay {
  readonly watermark: SavedWatermark;
  readonly toldMs: number | null;
}

/** Puts the ticks of a task’s sources together and says when the task is to tick itself. */
export class WatermarkRelay {
  readonly #setup: RelaySetup;
  readonly #watermark: PartitionWatermark;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isHurried = false;
  #dirty = false;

  constructor(setup: RelaySetup) {
    this.#setup = setup;
    this.#watermark = new PartitionWatermark(setup, setup.expectsAll ? setup.sources : 0);
  }

  /** Takes a tick in; one of no known source, or with what is no time, is ignored. */
  hear(source: number, { watermarkMs, idle }: EventTick): void {
    const isKnown = Number.isInteger(source) && source >= 0 && source < this.#setup.sources;
    if (!isKnown || !isEventTime(watermarkMs)) return;
    this.#watermark.advance(source, watermarkMs, idle);
    this.#isHurried ||= idle;
    this.#dirty = true;
  }

  /** Returns the watermark when it is to be told; call it behind the outputs that it stands for. */
  takeTick(): number | undefined {
    const { watermarkMs } = this.#watermark;
    const leastMs = this.#toldMs + (this.#isHurried ? 1 : this.#setup.tickIntervalMs);
    this.#isHurried = false;
    // Sources of which nothing was ever heard but that they are silent say no time.
    if (watermarkMs <= 0 || watermarkMs < leastMs) return undefined;
    this.#toldMs = watermarkMs;
    this.#dirty = true;
    return watermarkMs;
  }

  /** The state to save if it changed since the last call. */
  save(): Uint8Array | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    const toldMs = Number.isFinite(this.#toldMs) ? this.#toldMs : null;
    const saved: SavedRelay = { watermark: this.#watermark.save(), toldMs };
    return Buffer.from(JSON.stringify(saved));
  }

  restore(bytes: Uint8Array): void {
    const { watermark, toldMs } = JSON.parse(Buffer.from(bytes).toString()) as SavedRelay;
    this.#watermark.restore(watermark);
    this.#toldMs = toldMs ?? Number.NEGATIVE_INFINITY;
  }
}
