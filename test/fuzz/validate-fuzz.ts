import { rawFromBatch, rawFromPoint } from '../../operators/validate/raw-points.ts';
import { loadConfig } from '../../pipelines/config.ts';
import { stageOptions } from '../../pipelines/stage-options.ts';
import { topology } from '../../pipelines/topology.ts';
import { DEAD_LETTER_TOPIC } from '../../runtime/dead-letter.ts';
import { errorCatalogue, PipelineError } from '../../runtime/errors.ts';
import type { KernelAnswer } from '../../runtime/kernel-call.ts';
import { Lanes } from '../../runtime/lanes.ts';
import { SlotReader, SlotWriter } from '../../runtime/slot.ts';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { randomFrom } from '../support/random.ts';
import { foreignSchemas, type RawRecord, RawRecords } from './raw-records.ts';

const [validate] = topology;
const TASK = { stage: validate.name, partition: 0 };
const OUTPUTS = [...validate.outputs, DEAD_LETTER_TOPIC];
const SLOT_BYTES = 1024 * 1024;
const PARTITIONS = 4;
const MOST_RECORDS_PER_CALL = 100;
const MOST_SERIES = 50_000;
/** Far beyond what a call of some kilobytes takes on the slowest machine: past it, it hangs. */
const CALL_LIMIT_MS = 20_000;

/** How much to send, and which. */
export interface FuzzSetup {
  readonly records: number;
  readonly seed: number;
  /** Whether each refused record is to be a dead letter; else ten of a kind and minute, and a sample. */
  readonly keepAll: boolean;
}

/** What became of it all; codes and harms with their counts. */
export interface FuzzReport {
  readonly records: number;
  readonly pointsIn: number;
  readonly pointsOut: number;
  readonly deadLetters: number;
  readonly leftOut: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly harms: Readonly<Record<string, number>>;
}

/**
 * Sends harmed records through VALIDATE’s kernel, in its thread and with its deadline, and accounts for each of them.
 *
 * @throws Error at the first record or point that is neither passed on, dead-lettered nor counted, at an output that
 *   does not hold what VALIDATE promises, and at a crash or hang of the kernel; with seed and offsets to find it by.
 */
export async function fuzzValidate(setup: FuzzSetup): Promise<FuzzReport> {
  const fuzz = await ValidateFuzz.open(setup);
  try {
    return await fuzz.run();
  } finally {
    await fuzz.close();
  }
}

class ValidateFuzz {
  readonly #setup: FuzzSetup;
  readonly #lanes = new Lanes({ threads: 1, timeoutMs: CALL_LIMIT_MS });
  readonly #codec: Codec;
  readonly #records: RawRecords;
  readonly #random: () => number;
  readonly #counters: Record<string, number> = {};
  readonly #harms: Record<string, number> = {};
  #offset = 0;

  private constructor(setup: FuzzSetup, codec: Codec, records: RawRecords, random: () => number) {
    this.#setup = setup;
    this.#codec = codec;
    this.#records = records;
    this.#random = random;
  }

  static async open(setup: FuzzSetup): Promise<ValidateFuzz> {
    const ids = await registerRecords(new FileRegistry());
    const codec = new Codec(ids);
    const random = randomFrom(setup.seed);
    const fuzz = new ValidateFuzz(setup, codec, new RawRecords(codec, ids, random), random);
    const set = [`runtime.deadLetters.${setup.keepAll ? 'sampleEvery=1' : 'maxPerMinute=10'}`];
    const { options: config } = loadConfig({ cwd: '/', environment: {}, set });
    await fuzz.#lanes.run(0, {
      op: 'open',
      task: TASK,
      kernel: validate.kernel,
      context: {
        ...TASK,
        partitions: PARTITIONS,
        options: stageOptions(config, validate.name, ids),
      },
      inputs: [...validate.inputs, ...validate.broadcast, ...validate.local],
      outputs: OUTPUTS,
      prefix: 'vigie.',
      deadLetters: config.runtime.deadLetters,
    });
    return fuzz;
  }

  async run(): Promise<FuzzReport> {
    await this.#learnSchemas();
    while (this.#offset < this.#setup.records) await this.#call();
    const sum = (prefix: string) => sumOf(this.#counters, prefix);
    const codes: Record<string, number> = {};
    for (const [name, count] of Object.entries(this.#counters)) {
      const code = /^(?:records_dead_lettered|dead_letters_left_out)_total\{code="(\w+)"\}$/.exec(
        name,
      )?.[1];
      if (code !== undefined) codes[code] = (codes[code] ?? 0) + count;
    }
    return {
      records: this.#offset,
      pointsIn: sum('points_in_total'),
      pointsOut: sum('points_out_total'),
      deadLetters: sum('records_dead_lettered_total'),
      leftOut: sum('dead_letters_left_out_total'),
      codes,
      harms: this.#harms,
    };
  }

  close(): Promise<void> {
    return this.#lanes.close();
  }

  async #learnSchemas(): Promise<void> {
    const topic = [...validate.inputs, ...validate.broadcast].length;
    const input = new SlotWriter(new SharedArrayBuffer(SLOT_BYTES));
    for (const [id, schema] of foreignSchemas) {
      this.#codec.learn(id, schema);
      const record = { key: Buffer.from(String(id)), value: Buffer.from(schema) };
      input.append(topic, 0, 0, { ...record, headers: {}, timestampMs: 0 });
    }
    await this.#process(input);
  }

  async #call(): Promise<void> {
    const first = this.#offset;
    const expected = new Readings(this.#codec);
    const count = 1 + Math.floor(this.#random() * MOST_RECORDS_PER_CALL);
    const records = new Map<number, RawRecord>();
    const input = new SlotWriter(new SharedArrayBuffer(SLOT_BYTES));
    for (; records.size < count && this.#offset < this.#setup.records; this.#offset += 1) {
      const record = this.#records.next();
      records.set(this.#offset, record);
      expected.take(record.value);
      this.#harms[record.harm] = (this.#harms[record.harm] ?? 0) + 1;
      input.append(0, 0, this.#offset, { key: null, ...record });
    }
    try {
      const answer = await this.#process(input);
      this.#account(answer, records, expected);
    } catch (error) {
      const where = `seed ${this.#setup.seed}, records ${first} to ${this.#offset - 1}`;
      throw new Error(where, { cause: error });
    }
  }

  async #process(input: SlotWriter): Promise<KernelAnswer> {
    const output = new SharedArrayBuffer(SLOT_BYTES);
    const { buffer, byteLength: bytes } = input;
    const call = { op: 'process', task: TASK, input: buffer, bytes, output } as const;
    const answer = await this.#lanes.run(0, call);
    return { ...answer, output: answer.output ?? output };
  }

  /** Accounts for the records of one call, and for their points. */
  #account(
    { output, bytes, counters }: KernelAnswer,
    records: ReadonlyMap<number, RawRecord>,
    { silences, unreadable, points: pointsSent }: Readings,
  ): void {
    for (const [name, count] of Object.entries(counters)) {
      this.#counters[name] = (this.#counters[name] ?? 0) + count;
    }
    const accounted = new Set<number>();
    let pointsOut = 0;
    const slot = new SlotReader(output as SharedArrayBuffer, bytes);
    while (slot.next()) {
      const topic = OUTPUTS[slot.topic];
      if (topic === DEAD_LETTER_TOPIC) accounted.add(checkDeadLetter(slot, records));
      else if (topic === 'metrics.validated')
        pointsOut += this.#checkBatch(slot, records, accounted);
    }
    const sum = (prefix: string) => sumOf(counters, prefix);
    demand(sum('records_in_total') + silences === records.size, 'a record was not counted');
    demand(sum('points_out_total') === pointsOut, 'points out are not those of the batches');
    demand(
      sum('points_in_total') === pointsSent,
      `${sum('points_in_total')} of ${pointsSent} points`,
    );
    const refused = sum('records_unreadable_total');
    const repeated = sum('records_repeated_total');
    // Of a record that is left out as a repeat it does not matter whether it can be read.
    demand(refused <= unreadable, `${refused} unreadable, ${unreadable} expected`);
    demand(unreadable <= refused + repeated, `${refused} unreadable, ${unreadable} expected`);
    const points = pointsOut + sum('points_dead_lettered_total') + sum('points_dropped_total');
    demand(sum('points_in_total') === points, `${sum('points_in_total')} points in, ${points} out`);
    if (!this.#setup.keepAll) return;
    const missing = [...records.keys()].filter((offset) => !accounted.has(offset));
    const traceless = repeated + silences;
    demand(missing.length === traceless, `no trace of some of the records ${missing}`);
  }

  /** Holds a validated batch against what VALIDATE promises; returns its points. */
  #checkBatch(
    { value, partition }: SlotReader,
    records: ReadonlyMap<number, RawRecord>,
    accounted: Set<number>,
  ): number {
    demand(partition < PARTITIONS, `partition ${partition}`);
    const decoded = this.#codec.decode(value ?? new Uint8Array(0), ['SeriesBatch', 'Tick']);
    if (decoded.name === 'Tick') return 0;
    const batch = readPackedBatch(decoded.value);
    if ('code' in batch) throw new Error(batch.detail);
    for (let run = 0; run < batch.runCount; run++) {
      const offset = batch.runSourceOffsets[run] ?? -1;
      demand(records.has(offset), `a run of offset ${offset}, which was not in this call`);
      accounted.add(offset);
    }
    for (const ms of batch.timestamps)
      demand(Number.isSafeInteger(ms) && ms > 0, `timestamp ${ms}`);
    const words = new Uint32Array(batch.values.slice().buffer);
    batch.values.forEach((each, i) => {
      const isStale = words[2 * i] === 2 && ((words[2 * i + 1] ?? 0) & 0x7ff7ffff) === 0x7ff00000;
      demand(Number.isFinite(each) || isStale, `value ${each}`);
    });
    return batch.pointCount;
  }
}

/** What the records of a call are, read one by one and without memory of those before. */
class Readings {
  silences = 0;
  unreadable = 0;
  points = 0;
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  take(value: Uint8Array | null): void {
    try {
      const types = ['MetricPoint', 'MetricBatch', 'Tick'] as const;
      const decoded = this.#codec.decode(value ?? new Uint8Array(0), types);
      if (decoded.name === 'Tick') {
        // It says that nothing comes: no record of a producer, and not counted as one.
        this.silences += 1;
        return;
      }
      const raw =
        decoded.name === 'MetricPoint'
          ? rawFromPoint(decoded.value)
          : rawFromBatch(decoded.value, MOST_SERIES);
      if ('code' in raw) this.unreadable += 1;
      else this.points += raw.timestamps.length;
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      this.unreadable += 1;
    }
  }
}

/** Holds a dead letter against the record it was made of; returns the record’s offset. */
function checkDeadLetter(slot: SlotReader, records: ReadonlyMap<number, RawRecord>): number {
  const text = (name: string) => Buffer.from(slot.headers[`error.${name}`] ?? []).toString();
  const offset = Number(text('offset'));
  const record = records.get(offset);
  if (record === undefined) throw new Error(`a dead letter of offset ${offset}`);
  demand(text('code') in errorCatalogue, `code ${text('code')}`);
  if (text('partial') !== 'true') {
    const [letter, raw] = [slot.value, record.value].map((each) => Buffer.from(each ?? 'none'));
    demand(letter?.equals(raw as Buffer) === true, `the dead letter of ${offset} has other bytes`);
  }
  return offset;
}

function sumOf(counters: Readonly<Record<string, number>>, prefix: string): number {
  let sum = 0;
  for (const [name, count] of Object.entries(counters)) if (name.startsWith(prefix)) sum += count;
  return sum;
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
