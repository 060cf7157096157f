import type { PipelineError } from '../errors.ts';
import type { OutboundRecord } from '../transport.ts';

/**
 * Most bytes that are joined into one batch; a larger record goes alone. Brokers limit a batch like a record (1 MiB
 * unless the topic says otherwise), and snappy may lengthen what it cannot compress by a sixth.
 */
const batchBytes = 768 * 1024;
const recordOverheadBytes = 64;
const sequenceModulus = 2 ** 31;

/** One call of the producer: settled when its last record is acknowledged, or its first one given up. */
export class Write {
  readonly done: Promise<void>;
  readonly sinceMs: number;
  /** Whether its records may still be sent, see `IdempotentProducer.send`. */
  readonly isOurs: () => boolean;
  #left: number;
  #resolve: () => void = () => undefined;
  #reject: (error: PipelineError) => void = () => undefined;
  #failed = false;

  constructor(records: number, nowMs: number, isOurs: () => boolean) {
    this.isOurs = isOurs;
    this.#left = records;
    this.sinceMs = nowMs;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get failed(): boolean {
    return this.#failed;
  }

  acknowledge(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }

  fail(error: PipelineError): void {
    this.#failed = true;
    this.#reject(error);
  }
}

interface Queued {
  readonly record: OutboundRecord;
  readonly write: Write;
  readonly bytes: number;
}

/** Records of one partition on their way together; unchanged from the first attempt to the last. */
export interface SendBatch {
  readonly lane: ProducerLane;
  readonly records: readonly OutboundRecord[];
  readonly writes: readonly Write[];
  readonly bytes: number;
  /** When the oldest of its calls came. */
  readonly sinceMs: number;
}

/** The records of one partition that wait for acknowledgement, and the sequence number of the next. */
export class ProducerLane {
  readonly topic: string;
  readonly partition: number;
  #sequence = 0;
  #queue: Queued[] = [];
  /** Batches formed; the first is the one being sent. */
  #formed: SendBatch[] = [];

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Sequence number of the first record of the front batch. */
  get sequence(): number {
    return this.#sequence;
  }

  add(record: OutboundRecord, write: Write): void {
    this.#queue.push({ record, write, bytes: sizeOf(record) });
  }

  /** The batch to send next: the same one until it is acknowledged, split or failed. */
  front(): SendBatch | undefined {
    const formed = this.#formed[0];
    if (formed !== undefined) return formed;
    const batch = this.#form();
    if (batch !== undefined) this.#formed.push(batch);
    return batch;
  }

  acknowledge(batch: SendBatch): void {
    if (!this.#remove(batch)) return;
    this.#sequence = (this.#sequence + batch.records.length) % sequenceModulus;
    for (const write of batch.writes) write.acknowledge();
  }

  /** Halves a batch that brokers refused, to find the record that is at fault; false when it is a single one. */
  split(batch: SendBatch): boolean {
    if (batch.records.length < 2) return false;
    if (!this.#remove(batch)) return true;
    const middle = Math.ceil(batch.records.length / 2);
    this.#formed.unshift(part(batch, 0, middle), part(batch, middle, batch.records.length));
    return true;
  }

  /** Gives up a batch and with it the calls that it has records of. */
  fail(batch: SendBatch, error: PipelineError): void {
    if (!this.#remove(batch)) return;
    for (const write of batch.writes) write.fail(error);
  }

  failAll(error: PipelineError): void {
    for (const batch of this.#formed.splice(0)) {
      for (const write of batch.writes) write.fail(error);
    }
    for (const { write } of this.#queue.splice(0)) write.fail(error);
  }

  /** Begins again at 0, as a new producer identity must. */
  restartSequence(): void {
    this.#sequence = 0;
  }

  #form(): SendBatch | undefined {
    this.#queue = this.#queue.filter(({ write }) => !write.failed);
    let bytes = 0;
    let count = 0;
    for (const queued of this.#queue) {
      if (count > 0 && bytes + queued.bytes > batchBytes) break;
      bytes += queued.bytes;
      count += 1;
    }
    const taken = this.#queue.splice(0, count);
    const [first] = taken;
    if (first === undefined) return undefined;
    return {
      lane: this,
      records: taken.map(({ record }) => record),
      writes: taken.map(({ write }) => write),
      bytes,
      sinceMs: first.write.sinceMs,
    };
  }

  #remove(batch: SendBatch): boolean {
    const index = this.#formed.indexOf(batch);
    if (index < 0) return false;
    this.#formed.splice(index, 1);
    return true;
  }
}

function part(batch: SendBatch, from: number, to: number): SendBatch {
  const records = batch.records.slice(from, to);
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
  return { ...batch, records, writes: batch.writes.slice(from, to), bytes };
}

function sizeOf(record: OutboundRecord): number {
  return recordOverheadBytes + payloadBytes(record);
}

/** Bytes of key, value and headers: what a topic’s `maxRecordBytes` limits. */
export function payloadBytes({ key, value, headers }: OutboundRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, header] of Object.entries(headers))
    bytes += Buffer.byteLength(name) + header.length;
  return bytes;
}
