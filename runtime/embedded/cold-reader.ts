import type { SlotPool } from '../slot-pool.ts';
import type { LogResults } from './log-call.ts';
import type { LogThread } from './log-thread.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Batch, BatchLimit } from './recent-records.ts';
import { slotRecords } from './slot-records.ts';

/** Reads asked of the log thread at a time: one it works on, some that wait for it; more would only hold memory. */
const READS_IN_FLIGHT = 4;
/** Room beyond the batch’s limit for the record that reaches it; a larger one makes the slot grow. */
const OVERRUN_BYTES = 64 * 1024;

/** Reads from the file, through the log thread, what is no longer in memory. */
export class ColdReader {
  readonly #thread: LogThread;
  readonly #slots: SlotPool;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(thread: LogThread, slots: SlotPool) {
    this.#thread = thread;
    this.#slots = slots;
  }

  /** Reads one batch of `[from, to)`; first come, first served. */
  async fetch(log: PartitionLog, from: number, to: number, limit: BatchLimit): Promise<Batch> {
    if (this.#inFlight === READS_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#inFlight += 1;
    try {
      return await this.#read(log, from, to, limit);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight -= 1;
      else next();
    }
  }

  async #read(log: PartitionLog, from: number, to: number, limit: BatchLimit): Promise<Batch> {
    const lent = this.#slots.acquire(limit.maxBytes + OVERRUN_BYTES);
    let slot: LogResults['read'] | undefined;
    try {
      const end = Math.min(to, Number.MAX_SAFE_INTEGER);
      const ask = { op: 'read', id: log.id, from, to: end, ...limit, buffer: lent } as const;
      slot = await this.#thread.call(ask);
      const [run] = slotRecords(slot.buffer, slot.byteLength);
      return { records: run?.records ?? [], next: slot.next };
    } finally {
      this.#slots.release(slot?.buffer ?? lent);
    }
  }
}
