import { Piscina } from 'piscina';
import { type ErrorCode, errorCatalogue, PipelineError } from './errors.ts';
import type { KernelAnswer, KernelCall } from './kernel-call.ts';

/** Is told of every kernel call when it is handed to its lane, and then of its end. */
export interface LaneWatch {
  began(lane: number, call: KernelCall): (outcome: KernelAnswer | 'timeout' | 'failed') => void;
}

/** How many kernel threads a worker has, and how long one call may take. */
export interface LanesOptions {
  readonly threads: number;
  readonly timeoutMs: number;
  readonly watch?: LaneWatch;
}

/**
 * Runs kernel calls in worker threads, each task always in the same one.
 *
 * A lane is a piscina pool of one thread: piscina has neither affinity nor a deadline for a running task, and a pool
 * of one gives both, because aborting its running task replaces its thread and touches no other lane.
 */
export class Lanes {
  readonly #pools: readonly Piscina<KernelCall, KernelAnswer>[];
  readonly #timeoutMs: number;
  readonly #watch: LaneWatch | undefined;
  /** Per lane, the end of its last call so far: a deadline counts from a call’s own turn, not from its wait. */
  readonly #turns: Promise<unknown>[];

  constructor({ threads, timeoutMs, watch }: LanesOptions) {
    this.#timeoutMs = timeoutMs;
    this.#watch = watch;
    this.#pools = Array.from(
      { length: threads },
      () =>
        new Piscina<KernelCall, KernelAnswer>({
          filename: new URL('./kernel.worker.ts', import.meta.url).href,
          minThreads: 1,
          maxThreads: 1,
          // A blocking wait would hold up the promises that a kernel awaits.
          atomics: 'disabled',
        }),
    );
    this.#turns = this.#pools.map(() => Promise.resolve());
  }

  /** How many lanes there are. */
  get count(): number {
    return this.#pools.length;
  }

  /** The lane of a task: partitions go round the lanes, and the stages of one partition share a lane. */
  laneOf(partition: number): number {
    return partition % this.#pools.length;
  }

  /**
   * Runs one call on a lane; calls of a lane run one after another.
   * @throws PipelineError `KERNEL_TIMEOUT` (fate: retry) past the deadline, when every task of the lane has lost its
   *   kernel and must be opened anew; else what the kernel threw.
   */
  async run(lane: number, call: KernelCall): Promise<KernelAnswer> {
    const pool = this.#pools[lane];
    if (pool === undefined) throw new PipelineError('KERNEL_FAILED', `no lane ${lane}`);
    const ended = this.#watch?.began(lane, call);
    const before = this.#turns[lane];
    const turn = Promise.withResolvers<void>();
    this.#turns[lane] = turn.promise;
    await before;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#timeoutMs);
    try {
      const answer = await pool.run(call, { signal: deadline.signal });
      ended?.(answer);
      return answer;
    } catch (error) {
      ended?.(deadline.signal.aborted ? 'timeout' : 'failed');
      if (deadline.signal.aborted) {
        const where = `${call.task.stage}/${call.task.partition} ${call.op} took over ${this.#timeoutMs} ms`;
        throw new PipelineError('KERNEL_TIMEOUT', where, { cause: error });
      }
      throw fromThread(error);
    } finally {
      clearTimeout(timer);
      turn.resolve();
    }
  }

  /** Lets running calls end and stops the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#turns);
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }
}

/** Reads the error of a kernel thread, which has its code in front of its message. */
function fromThread(error: unknown): PipelineError {
  const text = error instanceof Error ? error.message : String(error);
  const [, code, detail] = /^PipelineError:([A-Z_]+):([\s\S]*)$/.exec(text) ?? [];
  if (code !== undefined && code in errorCatalogue)
    return new PipelineError(code as ErrorCode, detail);
  return new PipelineError('KERNEL_FAILED', text, { cause: error });
}
