import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type {
  LogAnswer,
  LogCall,
  LogFileOptions,
  LogReport,
  LogResults,
  PartitionTruncation,
} from './log-call.ts';
import { shareCap } from './log-file.ts';
import { LogStore } from './log-store.ts';
import { isFaultOfRequest, sqliteFault } from './sqlite-fault.ts';

/** Reads served between two commits. */
const READS_PER_TURN = 16;
/** When no write waits, the write-ahead log is moved into the file from here on. */
const CHECKPOINT_IDLE_BYTES = 4 * 1024 * 1024;

interface Asked<Op extends LogCall['op'] = LogCall['op']> {
  readonly call: number;
  readonly ask: LogCall & { op: Op };
}

/**
 * The log thread: alone owns SQLite and works off what the main thread asks.
 *
 * A turn serves reads, then commits all writes that have arrived as one group, then one bite of retention. While the
 * group is being synced to the disk, the next one gathers in the message port.
 */
class LogThreadLoop {
  readonly #port: MessagePort;
  readonly #folder: string;
  readonly #store: LogStore;
  /** Most bytes of one transaction, if it has several writes, and where a checkpoint is due in any case. */
  readonly #journalBytes: number;
  readonly #reads: Asked<'read'>[] = [];
  readonly #writes: Asked<'write'>[] = [];
  readonly #others: Asked[] = [];
  #trim: Asked<'trim'> | undefined;
  #scheduled = false;
  #closed = false;

  constructor(port: MessagePort, options: LogFileOptions) {
    this.#port = port;
    this.#folder = options.folder;
    this.#store = new LogStore(options);
    this.#journalBytes = shareCap(options.maxBytes).journalBytes;
  }

  take(asked: Asked): void {
    if (isOp(asked, 'read')) this.#reads.push(asked);
    else if (isOp(asked, 'write')) this.#writes.push(asked);
    else this.#others.push(asked);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    for (const asked of this.#reads.splice(0, READS_PER_TURN))
      this.#answer(asked, () => this.#store.read(asked.ask));
    if (this.#writes.length > 0) this.#commit(this.#takeGroup());
    for (const asked of this.#others.splice(0)) this.#serve(asked);
    if (this.#trim !== undefined) this.#bite(this.#trim);
    if (this.#closed) return;
    this.#checkpoint();
    if (this.#reads.length + this.#writes.length > 0 || this.#trim !== undefined) this.#schedule();
  }

  #takeGroup(): Asked<'write'>[] {
    let bytes = 0;
    let count = 0;
    for (const { ask } of this.#writes) {
      bytes += ask.byteLength;
      if (count > 0 && bytes > this.#journalBytes) break;
      count += 1;
    }
    return this.#writes.splice(0, count);
  }

  #commit(group: readonly Asked<'write'>[]): void {
    try {
      const { results, truncations } = this.#store.write(group.map(({ ask }) => ask));
      this.#post(
        truncations,
        group.map(({ call }, index) => ({ call, result: results[index] })),
      );
    } catch (error) {
      if (group.length > 1 && isFaultOfRequest(error)) {
        // One of them is at fault; apart, the others pass.
        for (const asked of group) this.#commit([asked]);
        return;
      }
      this.#post(
        [],
        group.map(({ call }) => this.#failure(call, error)),
      );
    }
  }

  #serve(asked: Asked): void {
    const { ask } = asked;
    if (ask.op === 'open') this.#answer(asked, () => this.#store.open());
    else if (ask.op === 'ensure') this.#answer(asked, () => this.#store.ensure(ask.topics));
    else if (isOp(asked, 'trim')) this.#trim = asked;
    else if (ask.op === 'close') this.#close(asked);
  }

  #close(asked: Asked): void {
    if (this.#trim !== undefined) this.#post([], [{ call: this.#trim.call, result: undefined }]);
    this.#trim = undefined;
    this.#answer(asked, () => {
      this.#store.close();
      return undefined;
    });
    this.#closed = true;
    this.#port.close();
  }

  #bite(asked: Asked<'trim'>): void {
    try {
      const bite = this.#store.trim(asked.ask.nowMs);
      if (bite?.truncation !== undefined) this.#post([bite.truncation], []);
      if (bite !== undefined) return;
      this.#post([], [{ call: asked.call, result: undefined }]);
    } catch (error) {
      this.#post([], [this.#failure(asked.call, error)]);
    }
    this.#trim = undefined;
  }

  #checkpoint(): void {
    const { journalBytes } = this.#store;
    const dueBytes = this.#writes.length === 0 ? CHECKPOINT_IDLE_BYTES : Infinity;
    if (journalBytes < Math.min(dueBytes, this.#journalBytes)) return;
    try {
      this.#store.checkpoint();
    } catch {
      // The records are safe in the write-ahead log; what hinders the checkpoint will be told by the next commit.
    }
  }

  #answer(asked: Asked, work: () => LogResults[keyof LogResults] | undefined): void {
    let answer: LogAnswer;
    try {
      answer = { call: asked.call, result: work() };
    } catch (error) {
      answer = this.#failure(asked.call, error);
    }
    this.#post([], [answer]);
  }

  #failure(call: number, error: unknown): LogAnswer {
    const { code, detail } = sqliteFault(error, this.#folder);
    return { call, code, detail };
  }

  #post(truncations: readonly PartitionTruncation[], answers: readonly LogAnswer[]): void {
    this.#port.postMessage({ truncations, answers } satisfies LogReport);
  }
}

function isOp<Op extends LogCall['op']>(asked: Asked, op: Op): asked is Asked<Op> {
  return asked.ask.op === op;
}

/** Opens on the first call, so that a refusal is the answer to it and not the death of the thread. */
function run(port: MessagePort, options: LogFileOptions): void {
  let loop: LogThreadLoop | undefined;
  port.on('message', (asked: Asked) => {
    try {
      loop ??= new LogThreadLoop(port, options);
      loop.take(asked);
    } catch (error) {
      const { code, detail } = sqliteFault(error, options.folder);
      port.postMessage({
        truncations: [],
        answers: [{ call: asked.call, code, detail }],
      } satisfies LogReport);
      port.close();
    }
  });
}

if (parentPort !== null) run(parentPort, workerData as LogFileOptions);
