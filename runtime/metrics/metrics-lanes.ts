import type { MonotonicClock } from '../clock.ts';
import type { KernelAnswer, KernelCall } from '../kernel-call.ts';
import type { LaneWatch } from '../lanes.ts';

/** A kernel call that has ended, as its lane saw it. */
export interface EndedCall {
  readonly stage: string;
  readonly op: KernelCall['op'];
  /** From being handed to the lane until answered: waiting for the thread included. */
  readonly waitedSeconds: number;
  /** Within the thread; 0 when it gave no answer. */
  readonly ranSeconds: number;
}

/** What the lanes of a worker have done and what they are at. */
export interface LaneFigures {
  /** Seconds each lane’s thread has worked, by lane. */
  readonly busySeconds: readonly number[];
  /** Calls handed to each lane and not answered, by lane. */
  readonly calls: readonly number[];
  /** Calls given up at their deadline, by stage. */
  readonly timeouts: Readonly<Record<string, number>>;
  /** Bytes of saved state handed to kernels, by stage. */
  readonly restoredBytes: Readonly<Record<string, number>>;
  /** Age of the oldest unanswered call, by stage. */
  readonly oldestCallSeconds: Readonly<Record<string, number>>;
}

interface OpenCall {
  readonly lane: number;
  readonly stage: string;
  readonly startMs: number;
}

/** Measures kernel calls from the main thread, at a constant cost per call. */
export class LaneMeter implements LaneWatch {
  readonly #clock: MonotonicClock;
  readonly #ended: (call: EndedCall) => void;
  readonly #open = new Set<OpenCall>();
  readonly #busySeconds: number[];
  readonly #timeouts: Record<string, number> = {};
  readonly #restoredBytes: Record<string, number> = {};

  constructor(clock: MonotonicClock, lanes: number, ended: (call: EndedCall) => void) {
    this.#clock = clock;
    this.#ended = ended;
    this.#busySeconds = Array.from({ length: lanes }, () => 0);
  }

  began(lane: number, call: KernelCall): (answer: KernelAnswer | 'timeout' | 'failed') => void {
    const { op, task } = call;
    const { stage } = task;
    const open: OpenCall = { lane, stage, startMs: this.#clock.elapsedMs() };
    this.#open.add(open);
    return (outcome) => {
      this.#open.delete(open);
      const waitedSeconds = (this.#clock.elapsedMs() - open.startMs) / 1000;
      const ranSeconds = typeof outcome === 'string' ? 0 : outcome.elapsedMs / 1000;
      // A thread that was given up on had nothing else to do in that time.
      const busy = outcome === 'timeout' ? waitedSeconds : ranSeconds;
      this.#busySeconds[lane] = (this.#busySeconds[lane] ?? 0) + busy;
      if (outcome === 'timeout') add(this.#timeouts, stage, 1);
      if (call.op === 'restore') add(this.#restoredBytes, stage, call.bytes);
      this.#ended({ stage, op, waitedSeconds, ranSeconds });
    };
  }

  figures(): LaneFigures {
    const nowMs = this.#clock.elapsedMs();
    const calls = this.#busySeconds.map(() => 0);
    const oldest: Record<string, number> = {};
    for (const { lane, stage, startMs } of this.#open) {
      calls[lane] = (calls[lane] ?? 0) + 1;
      oldest[stage] = Math.max(oldest[stage] ?? 0, (nowMs - startMs) / 1000);
    }
    return {
      busySeconds: [...this.#busySeconds],
      calls,
      timeouts: { ...this.#timeouts },
      restoredBytes: { ...this.#restoredBytes },
      oldestCallSeconds: oldest,
    };
  }
}

function add(sums: Record<string, number>, name: string, by: number): void {
  sums[name] = (sums[name] ?? 0) + by;
}
