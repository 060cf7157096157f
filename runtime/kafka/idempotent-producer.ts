import { PipelineError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { OutboundRecord } from '../transport.ts';
import { type KafkaClient, KafkaError, type ProducerIdentity } from './client.ts';
import { asKafkaError, backoffMs, mayPass, toPipelineError, unknownTopic } from './kafka-fault.ts';
import type { Pace } from './pace.ts';
import { ProducerLane, payloadBytes, type SendBatch, Write } from './producer-lane.ts';

/** Most bytes of one round of requests; a larger record still goes, alone. */
const roundBytes = 8 * 1024 * 1024;

/** The brokers no longer know where this identity stands; with a new one the batch may be stored a second time. */
const identityLost: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
const alreadyStored = 'DUPLICATE_SEQUENCE_NUMBER';
const notOurs = new KafkaError('NOT_OURS', 'its partition went to another member', true);

/** Errors of what is in a batch, not of where it goes: the rest of the batch can still be stored. */
const contentRefused: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
]);

/** What a producer needs. `limitMs`: how long a write may wait for brokers before it is given up. */
export interface ProducerOptions {
  /** On whose behalf it writes: the group of a stage, or the name that the caller of `write` gave. */
  readonly name: string;
  readonly client: KafkaClient;
  readonly pace: Pace;
  readonly limitMs: number;
  /** Most bytes of a record per topic, where that is known; brokers only see compressed batches. */
  readonly maxRecordBytes: ReadonlyMap<string, number>;
}

/**
 * Writes records so that each is stored once, in order per partition, with one round of requests outstanding.
 *
 * What arrives while a round is under way goes into the next one, so batches fill under load and a lone record waits
 * for nothing. A batch stays as it is, with its sequence numbers, until brokers acknowledge it; only then its
 * partition moves on. That is what makes a retry after a lost answer harmless. One limit is the brokers’: they tell the
 * age of a producer by its records’ timestamps, and after a restart know nothing of one that is a day old. A record with
 * an older timestamp may then be stored twice; it is never lost.
 */
export class IdempotentProducer {
  readonly #name: string;
  readonly #client: KafkaClient;
  readonly #pace: Pace;
  readonly #limitMs: number;
  readonly #maxRecordBytes: ReadonlyMap<string, number>;
  readonly #lanes = new Map<string, ProducerLane>();
  #identity: ProducerIdentity | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor({ name, client, pace, limitMs, maxRecordBytes }: ProducerOptions) {
    this.#name = name;
    this.#client = client;
    this.#pace = pace;
    this.#limitMs = limitMs;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /**
   * Writes records and resolves when all are acknowledged by all in-sync replicas.
   *
   * Calls may overlap; a record that brokers refuse fails its own call only. The bytes must not change until then.
   *
   * @param isOurs asked before every attempt: records that wait, or are tried again, are given up once it says no.
   * @throws PipelineError `TRANSPORT_UNAVAILABLE` when no acknowledgement came in time (the records may be stored),
   *   `TRANSPORT_REFUSED` when brokers refused one of them for good (others of the call may be stored).
   */
  async send(
    records: readonly OutboundRecord[],
    isOurs: () => boolean = () => true,
  ): Promise<void> {
    if (this.#closed) throw new PipelineError('TRANSPORT_REFUSED', 'the producer is closed');
    if (records.length === 0) return;
    for (const record of records) this.#refuseTooLarge(record);
    const write = new Write(records.length, this.#pace.nowMs(), isOurs);
    for (const record of records) this.#lane(record).add(record, write);
    this.#run();
    await write.done;
  }

  /** Takes no more writes, waits for those under way (each has its limit) and closes the client. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#client.close();
  }

  #refuseTooLarge(record: OutboundRecord): void {
    const limit = this.#maxRecordBytes.get(record.topic);
    const bytes = payloadBytes(record);
    if (limit === undefined || bytes <= limit) return;
    const detail = `write to ${record.topic}: the record has ${bytes} bytes, the topic takes ${limit}`;
    throw new PipelineError('TRANSPORT_REFUSED', detail);
  }

  #lane({ topic, partition }: OutboundRecord): ProducerLane {
    const key = `${topic}/${partition}`;
    const lane = this.#lanes.get(key) ?? new ProducerLane(topic, partition);
    this.#lanes.set(key, lane);
    return lane;
  }

  #run(): void {
    this.#running ??= this.#rounds().catch((error: unknown) => {
      this.#running = undefined;
      const failure = toPipelineError(error, 'write', this.#client.principal);
      for (const lane of this.#lanes.values()) lane.failAll(failure);
    });
  }

  async #rounds(): Promise<void> {
    // A writer that calls several times in one turn gets one round for all of it.
    await Promise.resolve();
    for (let failures = 0; ; ) {
      this.#dropForeign();
      const batches = this.#take();
      if (batches.length === 0) {
        // In the same turn as the look at the lanes: whoever writes next starts the rounds again.
        this.#running = undefined;
        return;
      }
      const passed = await this.#round(batches);
      failures = passed ? 0 : failures + 1;
      if (passed) continue;
      this.#client.forgetLeaders();
      await this.#pace.sleep(backoffMs(failures));
    }
  }

  /** What another member is in charge of by now must not be stored behind that member’s own records. */
  #dropForeign(): void {
    for (const lane of this.#lanes.values()) {
      let batch = lane.front();
      while (batch?.writes.some(({ isOurs }) => !isOurs()) === true) {
        // It may have been sent before, so its sequence numbers cannot be used for other records.
        this.#forgetIdentity();
        this.#giveUp(batch, notOurs);
        batch = lane.front();
      }
    }
  }

  /** Takes the front batch of each lane up to the size of a round. The lanes served go to the back of the line. */
  #take(): readonly SendBatch[] {
    const batches: SendBatch[] = [];
    let bytes = 0;
    for (const [key, lane] of [...this.#lanes]) {
      const batch = lane.front();
      if (batch === undefined) continue;
      if (batches.length > 0 && bytes + batch.bytes > roundBytes) break;
      bytes += batch.bytes;
      batches.push(batch);
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
    }
    return batches;
  }

  /** Sends batches once and settles them; returns false when something is to be tried again later. */
  async #round(batches: readonly SendBatch[]): Promise<boolean> {
    let results: readonly (KafkaError | undefined)[];
    try {
      this.#identity ??= await this.#client.initProducer();
      results = await this.#client.produce(this.#identity, batches.map(toRequest));
      failPoint('unacknowledged', this.#name);
    } catch (error) {
      results = batches.map(() => asKafkaError(error));
    }
    let passed = true;
    for (const [index, batch] of batches.entries()) {
      if (!this.#settle(batch, results[index])) passed = false;
    }
    return passed;
  }

  #settle(batch: SendBatch, error: KafkaError | undefined): boolean {
    const { lane } = batch;
    if (error === undefined || error.type === alreadyStored) {
      lane.acknowledge(batch);
      return true;
    }
    const waitedMs = this.#pace.nowMs() - batch.sinceMs;
    if (identityLost.has(error.type)) this.#forgetIdentity();
    if (contentRefused.has(error.type)) {
      if (!lane.split(batch)) this.#giveUp(batch, error);
      return true;
    }
    const again = mayPass(error, waitedMs) || identityLost.has(error.type);
    if (again && waitedMs < this.#limitMs) return false;
    // What became of the batch is not known, so its sequence numbers cannot be used for other records.
    if (error.retriable && error.type !== unknownTopic) this.#forgetIdentity();
    this.#giveUp(batch, error);
    return true;
  }

  #giveUp(batch: SendBatch, error: KafkaError): void {
    const operation = `write to ${batch.lane.topic}`;
    batch.lane.fail(batch, toPipelineError(error, operation, this.#client.principal));
  }

  #forgetIdentity(): void {
    this.#identity = undefined;
    for (const lane of this.#lanes.values()) lane.restartSequence();
  }
}

function toRequest({ lane, records }: SendBatch): {
  topic: string;
  partition: number;
  firstSequence: number;
  records: readonly OutboundRecord[];
} {
  const { topic, partition, sequence } = lane;
  return { topic, partition, firstSequence: sequence, records };
}
