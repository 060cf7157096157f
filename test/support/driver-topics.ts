import type { FetchedRecord, TopicRecord } from '../../runtime/transport.ts';

/** A record on a topic of the driver. */
export interface DriverRecord extends FetchedRecord {
  readonly partition: number;
}

/** Topics in memory. */
export class DriverTopics {
  readonly #topics = new Map<string, DriverRecord[][]>();

  /** Puts a record on a topic; what it does not say is empty. */
  append(topic: string, partition: number, record: Partial<TopicRecord>): void {
    const log = this.log(topic, partition);
    log.push({
      key: null,
      value: null,
      headers: {},
      timestampMs: 0,
      ...record,
      partition,
      offset: log.length,
    });
  }

  /** All records of a topic, by partition and offset. */
  all(topic: string): DriverRecord[] {
    return (this.#topics.get(topic) ?? []).flat();
  }

  /** The records of a partition; what is put on it later comes to this array. */
  log(topic: string, partition: number): DriverRecord[] {
    const logs = this.#topics.get(topic) ?? [];
    this.#topics.set(topic, logs);
    const log = logs[partition] ?? [];
    for (let i = 0; i <= partition; i++) logs[i] ??= i === partition ? log : [];
    return log;
  }
}
