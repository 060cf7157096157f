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

/** Runs kernel calls in worker threads, each task always in the same one. */
export class Lanes {
  readonly #lanes: readonly Lane[];
  readonly #watch: LaneWatch | undefined;

  constructor({ threads, timeoutMs, watch }: LanesOptions) {
    this.#lanes = Array.from({ length: threads }, () => new Lane(timeoutMs));
    this.#watch = watch;
  }

  /** How many lanes there are. */
  get count(): number {
    return this.#lanes.length;
  }

  /** The lane of a task: partitions go round the lanes, and the stages of one partition share a lane. */
  laneOf(partition: number): number {
    return partition % this.#lanes.length;
  }

  /**
   * Runs one call on a lane; calls of a lane run one after another.
   * @throws PipelineError `KERNEL_TIMEOUT` (fate: retry) past the deadline, when every task of the lane has lost its
   *   kernel and must be opened anew; else what the kernel threw.
   */
  async run(number: number, call: KernelCall): Promise<KernelAnswer> {
    const lane = this.#lanes[number];
    if (lane === undefined) throw new PipelineError('KERNEL_FAILED', `no lane ${number}`);
    const ended = this.#watch?.began(number, call);
    try {
      const answer = await lane.run(call);
      ended?.(answer);
      return answer;
    } catch (error) {
      const late = error instanceof PipelineError && error.code === 'KERNEL_TIMEOUT';
      ended?.(late ? 'timeout' : 'failed');
      throw error;
    }
  }

  /** Lets running calls end and stops the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

interface PostedCall {
  readonly call: KernelCall;
  readonly answer: PromiseWithResolvers<KernelAnswer>;
}

/**
 * One thread: a piscina pool of one, since piscina has neither affinity nor a deadline for a running task.
 *
 * Calls are posted at once and wait in the thread, which takes them in order: between two calls it waits for nobody. A
 * deadline counts from the end of the call before. When it passes, the thread is replaced; the calls that waited in it go
 * to the new one, where the tasks that are not opened again say that they are lost.
 */
class Lane {
  readonly #timeoutMs: number;
  /** Oldest first: the thread is at the first one. */
  #posted: PostedCall[] = [];
  #pool = openPool();
  #timer: NodeJS.Timeout | undefined;
  #retired: Promise<void> = Promise.resolve();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  run(call: KernelCall): Promise<KernelAnswer> {
    const posted = { call, answer: Promise.withResolvers<KernelAnswer>() };
    this.#posted.push(posted);
    if (this.#posted.length === 1) this.#startTimer();
    this.#post(posted);
    return posted.answer.promise;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#posted.map(({ answer }) => answer.promise));
    await this.#pool.close();
    await this.#retired;
  }

  #post(posted: PostedCall): void {
    const pool = this.#pool;
    pool.run(posted.call).then(
      (answer) => {
        if (this.#ends(posted, pool)) posted.answer.resolve(answer);
      },
      (error: unknown) => {
        if (this.#ends(posted, pool)) posted.answer.reject(fromThread(error));
      },
    );
  }

  /** False when the call was of a thread that has been replaced. */
  #ends(posted: PostedCall, pool: Pool): boolean {
    if (pool !== this.#pool) return false;
    this.#posted = this.#posted.filter((each) => each !== posted);
    this.#startTimer();
    return true;
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#posted.length > 0) this.#timer = setTimeout(() => this.#recycle(), this.#timeoutMs);
  }

  #recycle(): void {
    const [late, ...waiting] = this.#posted;
    const old = this.#pool;
    this.#pool = openPool();
    this.#retired = Promise.all([this.#retired, old.destroy()]).then(() => undefined);
    this.#posted = waiting;
    this.#startTimer();
    for (const posted of waiting) this.#post(posted);
    if (late === undefined) return;
    const { task, op } = late.call;
    const where = `${task.stage}/${task.partition} ${op} took over ${this.#timeoutMs} ms`;
    late.answer.reject(new PipelineError('KERNEL_TIMEOUT', where));
  }
}

type Pool = Piscina<KernelCall, KernelAnswer>;

/** More calls than tasks could have posted to one thread. */
const MOST_POSTED = 2 ** 20;

function openPool(): Pool {
  return new Piscina<KernelCall, KernelAnswer>({
    filename: new URL('./kernel.worker.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: MOST_POSTED,
    stricterFIFO: true,
    // A blocking wait would hold up the promises that a kernel awaits.
    atomics: 'disabled',
  });
}

/** Reads the error of a kernel thread, which has its code in front of its message. */
function fromThread(error: unknown): PipelineError {
  const text = error instanceof Error ? error.message : String(error);
  const [, code, detail] = /^PipelineError:([A-Z_]+):([\s\S]*)$/.exec(text) ?? [];
  if (code !== undefined && code in errorCatalogue)
    return new PipelineError(code as ErrorCode, detail);
  return new PipelineError('KERNEL_FAILED', text, { cause: error });
}
