import type { CreateKernel, Kernel, KernelOutput } from '../../runtime/kernel.ts';
import type { SlotReader } from '../../runtime/slot.ts';

// A kernel that does one thing wrong, named by the query of its URL: `faulty.kernel.ts?hang`.

const fault = new URL(import.meta.url).search.slice(1);
const SLOW_MS = 150;

const faults: Readonly<Record<string, (input: SlotReader, output: KernelOutput) => void>> = {
  /** Works, and says so. */
  none: (_input, output) => {
    output.count('points_out_total', 1);
    output.count('scored_total{member="forecast"}', 1);
    output.gauge('series{state="live"}', 1);
  },
  throw: () => {
    throw new Error('this kernel throws');
  },
  hang: () => {
    for (;;);
  },
  /** Takes each record far longer than they come. */
  slow: (_input, output) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_MS);
    output.count('points_out_total', 1);
    output.count('scored_total{member="forecast"}', 1);
  },
  /** Takes points in, and that is the last that is heard of them. */
  swallow: () => undefined,
  /** Scores points and passes none of them on. */
  lose: (_input, output) => {
    output.count('scored_total{member="forecast"}', 1);
  },
  /** Counts dead letters and writes none. */
  mute: (_input, output) => {
    output.count('points_dead_lettered_total{code="RECORD_EMPTY"}', 1);
    output.count('records_dead_lettered_total{code="RECORD_EMPTY"}', 1);
    output.count('scored_total{member="forecast"}', 1);
  },
  /** Has no memory for any series. */
  refuse: (_input, output) => {
    output.count('points_dropped_total{code="SERIES_MEMORY"}', 1);
    output.count('scored_total{member="forecast"}', 1);
  },
  /** Counts as dropped what it takes in, and tells nobody. */
  drop: (_input, output) => {
    output.count('points_dropped_total{code="SERIES_UNDEFINED"}', 1);
    output.count('scored_total{member="forecast"}', 1);
  },
};

class FaultyKernel implements Kernel {
  process(input: SlotReader, output: KernelOutput): void {
    while (input.next()) {
      output.count('points_in_total', 1);
      faults[fault]?.(input, output);
    }
  }

  checkpoint(): [] {
    return [];
  }

  restore(): void {}
}

const createKernel: CreateKernel<unknown> = async () => new FaultyKernel();

export default createKernel;
