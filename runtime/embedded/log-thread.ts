import { Worker } from 'node:worker_threads';
import { PipelineError } from '../errors.ts';
import type {
  LogAnswer,
  LogCall,
  LogFileOptions,
  LogReport,
  LogResults,
  PartitionTruncation,
} from './log-call.ts';

interface PendingCall {
  readonly resolve: (result: never) => void;
  readonly reject: (error: PipelineError) => void;
}

/** What the log thread tells without being asked. */
export interface LogThreadEvents {
  readonly truncated: (truncation: PartitionTruncation) => void;
  /** The thread ended without having been told to; nothing works any more. */
  readonly ended: (error: PipelineError) => void;
}

/**
 * The main thread’s end of the log thread: numbers the calls and settles them.
 *
 * Results of one report settle in the order in which the log carried the calls out.
 */
export class LogThread {
  readonly #worker: Worker;
  readonly #events: LogThreadEvents;
  readonly #folder: string;
  readonly #pending = new Map<number, PendingCall>();
  readonly #exit: Promise<void>;
  #calls = 0;
  #closing = false;
  #fault: PipelineError | undefined;

  constructor(options: LogFileOptions, events: LogThreadEvents) {
    this.#events = events;
    this.#folder = options.folder;
    this.#worker = new Worker(new URL('./log.worker.ts', import.meta.url), {
      workerData: options,
      name: 'vigie-log',
    });
    this.#worker.on('message', (report: LogReport) => this.#receive(report));
    this.#worker.on('error', (error) =>
      this.#end(error instanceof Error ? error.message : String(error)),
    );
    this.#exit = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#end(`it exited with code ${code}`);
        resolve();
      });
    });
  }

  /** Asks the log thread; rejects with the `PipelineError` that it answers, or when it has ended. */
  call<Op extends LogCall['op']>(ask: LogCall & { op: Op }): Promise<LogResults[Op]> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    const call = this.#calls;
    this.#calls += 1;
    return new Promise<LogResults[Op]>((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#worker.postMessage({ call, ask });
    });
  }

  /** Closes the file and waits for the thread to be gone. */
  async close(): Promise<void> {
    if (this.#fault === undefined) {
      this.#closing = true;
      await this.call({ op: 'close' });
    }
    await this.#exit;
  }

  /** Ends the thread as it is, after it has refused to open its file. */
  async abandon(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  #receive({ truncations, answers }: LogReport): void {
    for (const truncation of truncations) this.#events.truncated(truncation);
    for (const answer of answers) this.#settle(answer);
  }

  #settle(answer: LogAnswer): void {
    const pending = this.#pending.get(answer.call);
    if (pending === undefined) return;
    this.#pending.delete(answer.call);
    if ('code' in answer) pending.reject(new PipelineError(answer.code, answer.detail));
    else pending.resolve(answer.result as never);
  }

  #end(reason: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = new PipelineError(
      'TRANSPORT_REFUSED',
      `the log thread of ${this.#folder} has ended: ${reason}`,
    );
    for (const { reject } of this.#pending.values()) reject(this.#fault);
    this.#pending.clear();
    if (!this.#closing) this.#events.ended(this.#fault);
  }
}
