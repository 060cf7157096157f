import { setTimeout as sleep } from 'node:timers/promises';
import type { Point, PointSeries } from '../../pipelines/producers/point.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { OutboundRecord } from '../../runtime/transport.ts';
import { eventually } from '../integration/transport-load.ts';
import type { Fleet, FleetSeries } from '../support/fleet.ts';
import type { PipelineTopics } from '../support/pipeline-reading.ts';

/** Rounds between two raw records that nobody can read. */
const GARBAGE_EVERY = 50;
/** Rounds of one write where nothing asks for single ones, and the pause after a write. */
const ROUNDS_PER_WRITE = 4;
const PAUSE_MS = 20;
/** Rounds that may be written and not yet taken in by validate on every raw partition. */
const MOST_AHEAD = 160;
const TAKEN_LIMIT_MS = 120_000;
/** Rounds behind the fleet’s own, in steps of so many of its rounds: what waits for event time to go on ends there. */
const TAIL_ROUNDS = 12;
const TAIL_STRIDE = 40;
/** What a newer producer’s record has behind ours: one more text, `hq`, as Avro writes it. */
const NEWER_FIELD = Buffer.from([4, 0x68, 0x71]);

/** A producer of a fleet, in this process: it is never disturbed. */
export class FleetProducer {
  readonly #topics: PipelineTopics;
  readonly #fleet: Fleet;
  readonly #partitions: number;
  readonly #writers: readonly TenantWriter[];
  readonly #ends: number[];
  /** After each write: its last round, and the ends of the raw partitions. */
  readonly #marks: { readonly round: number; readonly ends: readonly number[] }[] = [];
  #round = 0;
  #garbage = 0;
  #newerId: number | undefined;

  constructor(topics: PipelineTopics, fleet: Fleet, partitions: number) {
    this.#topics = topics;
    this.#fleet = fleet;
    this.#partitions = partitions;
    this.#ends = Array.from({ length: partitions }, () => 0);
    const tenants = [...new Set(fleet.series.map(({ tenant }) => tenant))];
    this.#writers = tenants.map((tenant) => ({
      writer: this.#writer(tenant),
      series: fleet.series.filter((each) => each.tenant === tenant).map(asWritten),
    }));
  }

  /** Rounds of the fleet that are not written yet. */
  get roundsLeft(): number {
    return Math.max(0, this.#fleet.rounds - this.#round);
  }

  /** Points written so far. */
  get points(): number {
    return this.#writers.reduce((sum, { writer }) => sum + writer.acknowledgedPoints, 0);
  }

  /** Raw records written that nobody can read. */
  get garbage(): number {
    return this.#garbage;
  }

  /** From now on records are written with a newer schema that has this id. */
  becomeNewer(schemaId: number): void {
    this.#newerId = schemaId;
  }

  /** Writes the next rounds, `perWrite` of them together. */
  async write(rounds: number, perWrite = ROUNDS_PER_WRITE): Promise<void> {
    const end = Math.min(this.#fleet.rounds, this.#round + rounds);
    while (this.#round < end) {
      const next = Math.min(end, this.#round + perWrite);
      await this.#writeRounds(this.#round, next);
      this.#round = next;
      await this.#taken(next - MOST_AHEAD);
      await sleep(PAUSE_MS);
    }
  }

  /** Writes the rounds behind the fleet’s own, each once validate has taken in the one before. */
  async finish(): Promise<void> {
    for (let tail = 0; tail < TAIL_ROUNDS; tail++) {
      await this.#taken(this.#round);
      await this.#writeRounds(this.#round, this.#round + 1);
      this.#round += 1;
    }
  }

  async #writeRounds(from: number, to: number): Promise<void> {
    for (let round = from; round < to; round++) {
      if (round % GARBAGE_EVERY === 0) await this.#writeGarbage();
      for (const { writer, series } of this.#writers)
        await writer.write(this.#points(series, round));
    }
    await Promise.all(this.#writers.map(({ writer }) => writer.flush()));
    this.#marks.push({ round: to, ends: [...this.#ends] });
  }

  #points(all: readonly WrittenSeries[], round: number): Point[] {
    const { startMs, stepMs, rounds } = this.#fleet;
    const tail = Math.max(0, round - rounds + 1);
    const timestampMs = startMs + (round + tail * (TAIL_STRIDE - 1)) * stepMs;
    const at = Math.min(round, rounds - 1);
    return all.map(({ series, values }) => ({ series, timestampMs, value: values[at] ?? 0 }));
  }

  /**
   * Resolves when validate has taken in what was written up to a round, on every raw partition. One that is very far
   * behind the others would not be waited for downstream, and its episodes would be late.
   */
  async #taken(round: number): Promise<void> {
    if ((this.#marks[0]?.round ?? 0) > round) return;
    const { transport, prefix } = this.#topics;
    await eventually(
      `validate takes in round ${round}`,
      async () => {
        const committed = await transport.committed(`${prefix}validate`, `${prefix}metrics.raw`);
        const isTaken = ({ ends }: { ends: readonly number[] }): boolean =>
          ends.every((end, partition) => (committed.get(partition) ?? 0) >= end);
        while (this.#marks[0] !== undefined && isTaken(this.#marks[0])) this.#marks.shift();
        return (this.#marks[0]?.round ?? Number.POSITIVE_INFINITY) > round;
      },
      TAKEN_LIMIT_MS,
    );
  }

  #writer(tenant: string): RawWriter {
    const { codec, prefix } = this.#topics;
    return new RawWriter({
      transport: { write: (producer, records) => this.#send(producer, records) },
      codec,
      clock: systemClock,
      topic: `${prefix}metrics.raw`,
      partitions: this.#partitions,
      tenant,
      producer: `fleet-${tenant}`,
      backfill: true,
    });
  }

  async #send(producer: string, records: readonly OutboundRecord[]): Promise<void> {
    await this.#topics.transport.write(
      producer,
      records.map((record) => this.#bySchema(record)),
    );
    for (const { partition } of records) this.#ends[partition] = (this.#ends[partition] ?? 0) + 1;
  }

  #bySchema(record: OutboundRecord): OutboundRecord {
    if (this.#newerId === undefined || record.value === null) return record;
    const value = Buffer.concat([record.value, NEWER_FIELD]);
    value.writeUInt32BE(this.#newerId, 1);
    return { ...record, value };
  }

  async #writeGarbage(): Promise<void> {
    const record: OutboundRecord = {
      topic: `${this.#topics.prefix}metrics.raw`,
      partition: this.#garbage % this.#partitions,
      key: null,
      value: Buffer.from('not a record'),
      headers: {},
      timestampMs: systemClock.nowMs(),
    };
    this.#garbage += 1;
    await this.#topics.transport.write('garbage', [record]);
    this.#ends[record.partition] = (this.#ends[record.partition] ?? 0) + 1;
  }
}

interface WrittenSeries {
  readonly series: PointSeries;
  readonly values: Float64Array;
}

interface TenantWriter {
  readonly writer: RawWriter;
  readonly series: readonly WrittenSeries[];
}

function asWritten({ name, labels, values }: FleetSeries): WrittenSeries {
  return { series: { name, labels, kind: 'GAUGE' }, values };
}
