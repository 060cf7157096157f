import { type Config, loadConfig } from '../../pipelines/config.ts';
import { stageOptions } from '../../pipelines/stage-options.ts';
import { topology } from '../../pipelines/topology.ts';
import { DEAD_LETTER_TOPIC } from '../../runtime/dead-letter.ts';
import runKernelCall from '../../runtime/kernel.worker.ts';
import { SlotReader, SlotWriter } from '../../runtime/slot.ts';
import { type StageSpec, stateTopic } from '../../runtime/stage-spec.ts';
import type { TopicRecord } from '../../runtime/transport.ts';
import { Codec, type SchemaIds } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import type { RecordName, RecordTypes } from '../../schemas/generated/record-types.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { type DriverRecord, DriverTopics } from './driver-topics.ts';

const SLOT_BYTES = 64 * 1024;

/** How a driver is set up. */
export interface DriverSetup {
  /** `key=value` settings over the defaults. */
  readonly set?: readonly string[];
  readonly stages?: readonly StageSpec[];
  /** Most records of one kernel call. */
  readonly recordsPerCall?: number;
}

/**
 * Runs the graph in memory, in this thread: the real kernels behind the real kernel calls, no transport, no timers.
 *
 * Topic names are without prefix. `crash` forgets every kernel and goes on from the last `checkpoint`.
 */
export class TopologyDriver {
  readonly codec: Codec;
  readonly counters: Record<string, Record<string, number>> = {};
  readonly gauges: Record<string, Record<string, number>> = {};
  readonly #config: Config;
  readonly #ids: SchemaIds;
  readonly #stages: readonly StageSpec[];
  readonly #recordsPerCall: number;
  readonly #name = `driver-${Math.trunc(performance.now() * 1e6)}`;
  readonly #topics = new DriverTopics();
  readonly #positions = new Map<string, number>();
  readonly #stamps = new Map<string, number>();
  /** Up to where a task had come when it crashed: as long as it replays, nothing is broadcast to it. */
  readonly #replayUntil = new Map<string, number>();
  readonly #open = new Set<string>();
  /** What was taken out of a task and not saved yet. */
  readonly #parts = new Map<string, Pick<TopicRecord, 'key' | 'value'>[]>();

  private constructor(setup: DriverSetup, ids: SchemaIds) {
    this.#config = loadConfig({ cwd: '/', environment: {}, set: setup.set ?? [] }).options;
    this.#ids = ids;
    this.codec = new Codec(ids);
    this.#stages = setup.stages ?? topology;
    this.#recordsPerCall = setup.recordsPerCall ?? 64;
  }

  static async open(setup: DriverSetup = {}): Promise<TopologyDriver> {
    return new TopologyDriver(setup, await registerRecords(new FileRegistry()));
  }

  get partitions(): number {
    return this.#config.topics.partitions;
  }

  /** Puts a record on a topic. */
  pipe(topic: string, partition: number, record: Partial<TopicRecord>): void {
    this.#topics.append(topic, partition, record);
  }

  /** Encodes a record and puts it on a topic. */
  send<N extends RecordName>(
    topic: string,
    partition: number,
    name: N,
    value: RecordTypes[N],
    timestampMs = 0,
  ): void {
    this.pipe(topic, partition, { value: this.codec.encode(name, value), timestampMs });
  }

  /** Logs to all raw partitions, or to some, that nothing has come for a while, as a worker does. */
  silence(nowMs: number, partitions: readonly number[] = [...Array(this.partitions).keys()]): void {
    for (const partition of partitions) {
      const tick = { sourcePartition: partition, watermarkMs: nowMs, idle: true };
      this.send('metrics.raw', partition, 'Tick', tick, nowMs);
    }
  }

  /** Runs all stages until nothing is left to read, or for so many kernel calls. */
  async run(calls = Number.POSITIVE_INFINITY): Promise<void> {
    let left = calls;
    for (let moved = true; moved && left > 0; ) {
      moved = false;
      for (const [stage, partition] of this.#tasks()) {
        while (left > 0 && (await this.#step(stage, partition))) {
          moved = true;
          left -= 1;
        }
      }
    }
  }

  /** Saves the state of every task that is open. */
  async checkpoint(): Promise<void> {
    for (const [stage, partition] of this.#tasks()) {
      if (this.#open.has(`${stage.name}/${partition}`)) await this.#save(stage, partition);
    }
  }

  /** Takes an entry that changed out of every task that is open, as a checkpoint does that is spread; the next one saves it. */
  async takePart(): Promise<void> {
    for (const [stage, partition] of this.#tasks()) {
      if (this.#open.has(`${stage.name}/${partition}`)) await this.#takePart(stage, partition);
    }
  }

  /** Forgets every kernel; each goes on from the state of its last checkpoint and replays what came after. */
  crash(): void {
    this.#open.clear();
    this.#parts.clear();
    for (const [key, position] of this.#positions) {
      this.#replayUntil.set(key, Math.max(position, this.#replayUntil.get(key) ?? 0));
      this.#positions.set(key, this.#stamps.get(key) ?? 0);
    }
  }

  /** All records of a topic, by partition and offset. */
  records(topic: string): DriverRecord[] {
    return this.#topics.all(topic);
  }

  /** All records of a topic that are of the given type, decoded. */
  read<N extends RecordName>(topic: string, name: N): RecordTypes[N][] {
    const found: RecordTypes[N][] = [];
    for (const { value } of this.records(topic)) {
      if (value === null) continue;
      const all = Object.keys(this.#ids) as RecordName[];
      const decoded = this.codec.decode(value, all);
      if (decoded.name === name) found.push(decoded.value as unknown as RecordTypes[N]);
    }
    return found;
  }

  *#tasks(): Generator<readonly [StageSpec, number]> {
    for (const stage of this.#stages) {
      for (let partition = 0; partition < this.partitions; partition++) yield [stage, partition];
    }
  }

  async #step(stage: StageSpec, partition: number): Promise<boolean> {
    if (!this.#open.has(`${stage.name}/${partition}`)) await this.#start(stage, partition);
    const input = new SlotWriter(new SharedArrayBuffer(SLOT_BYTES));
    // What is broadcast comes first, as a task is fed it before its input, and is saved by itself.
    const isReplay = this.#isReplay(stage, partition);
    if (!isReplay) this.#feed(input, stage, stage.broadcast, partition);
    const isBroadcast = input.count > 0;
    if (!isBroadcast) this.#feed(input, stage, [...stage.local, ...stage.inputs], partition);
    if (input.count === 0) return false;
    const output = new SharedArrayBuffer(SLOT_BYTES);
    const task = this.#address(stage, partition);
    const answer = await runKernelCall({
      op: 'process',
      task,
      input: input.buffer,
      bytes: input.byteLength,
      output,
    });
    this.#add(stage.name, partition, answer.counters, answer.gauges);
    const names = [...stage.outputs, DEAD_LETTER_TOPIC];
    const slot = new SlotReader(answer.output as SharedArrayBuffer, answer.bytes);
    while (slot.next()) {
      const { headers, timestampMs } = slot;
      const record = { key: copy(slot.key), value: copy(slot.value), headers, timestampMs };
      this.pipe(names[slot.topic] ?? '', slot.partition, record);
    }
    if (isBroadcast) await this.#save(stage, partition);
    return true;
  }

  #feed(input: SlotWriter, stage: StageSpec, from: readonly string[], partition: number): void {
    const topics = [...stage.inputs, ...stage.broadcast, ...stage.local];
    for (const topic of from) {
      if (stage.broadcast.includes(topic)) this.#feedBroadcast(input, stage, topic, partition);
      else this.#feedOne(input, stage, { topic, number: topics.indexOf(topic), partition });
    }
  }

  #feedOne(
    input: SlotWriter,
    stage: StageSpec,
    { topic, number, partition }: { topic: string; number: number; partition: number },
  ): void {
    const key = `${stage.name}/${topic}/${partition}`;
    const position = this.#positions.get(key) ?? 0;
    const until = this.#replayUntil.get(key) ?? 0;
    // Replayed and fresh records never share a call.
    const most = position < until ? until - position : this.#recordsPerCall;
    const count = Math.min(most, this.#recordsPerCall);
    const records = this.#topics.log(topic, partition).slice(position, position + count);
    for (const record of records) input.append(number, partition, record.offset, record);
    this.#positions.set(key, position + records.length);
  }

  /** Every task reads every partition of what is broadcast. */
  #feedBroadcast(input: SlotWriter, stage: StageSpec, topic: string, task: number): void {
    const number = stage.inputs.length + stage.broadcast.indexOf(topic);
    for (let partition = 0; partition < this.partitions; partition++) {
      const key = `${stage.name}/${topic}/${task}/${partition}`;
      const position = this.#positions.get(key) ?? 0;
      const records = this.#topics
        .log(topic, partition)
        .slice(position, position + this.#recordsPerCall);
      for (const record of records) input.append(number, partition, record.offset, record);
      this.#positions.set(key, position + records.length);
    }
  }

  #isReplay(stage: StageSpec, partition: number): boolean {
    if (this.#topics.log(stateTopic(stage.name), partition).length === 0) return false;
    return stage.inputs.some((topic) => {
      const key = `${stage.name}/${topic}/${partition}`;
      return (this.#positions.get(key) ?? 0) < (this.#replayUntil.get(key) ?? 0);
    });
  }

  async #save(stage: StageSpec, partition: number): Promise<void> {
    await this.#takePart(stage, partition, true);
    for (const entry of this.#parts.get(`${stage.name}/${partition}`) ?? [])
      this.pipe(stateTopic(stage.name), partition, entry);
    this.#parts.delete(`${stage.name}/${partition}`);
    for (const topic of stage.inputs) {
      const key = `${stage.name}/${topic}/${partition}`;
      this.#stamps.set(key, this.#positions.get(key) ?? 0);
    }
  }

  async #takePart(stage: StageSpec, partition: number, last = false): Promise<void> {
    const task = this.#address(stage, partition);
    const output = new SharedArrayBuffer(SLOT_BYTES);
    const maxBytes = last ? Number.POSITIVE_INFINITY : 1;
    const answer = await runKernelCall({ op: 'checkpoint', task, output, maxBytes, last });
    const slot = new SlotReader(answer.output as SharedArrayBuffer, answer.bytes);
    const parts = this.#parts.get(`${stage.name}/${partition}`) ?? [];
    this.#parts.set(`${stage.name}/${partition}`, parts);
    while (slot.next()) parts.push({ key: copy(slot.key), value: copy(slot.value) });
  }

  async #start(stage: StageSpec, partition: number): Promise<void> {
    this.#open.add(`${stage.name}/${partition}`);
    const task = this.#address(stage, partition);
    const options = stageOptions(this.#config, stage.name, this.#ids);
    await runKernelCall({
      op: 'open',
      task,
      kernel: stage.kernel,
      context: { stage: stage.name, partition, partitions: this.partitions, options },
      inputs: [...stage.inputs, ...stage.broadcast, ...stage.local],
      outputs: [...stage.outputs, DEAD_LETTER_TOPIC],
      prefix: '',
      deadLetters: this.#config.runtime.deadLetters,
    });
    for (const topic of stage.broadcast) {
      for (let source = 0; source < this.partitions; source++)
        this.#positions.delete(`${stage.name}/${topic}/${partition}/${source}`);
    }
    const state = new SlotWriter(new SharedArrayBuffer(SLOT_BYTES));
    for (const record of this.#topics.log(stateTopic(stage.name), partition))
      state.append(0, 0, 0, record);
    await runKernelCall({ op: 'restore', task, input: state.buffer, bytes: state.byteLength });
  }

  #add(
    stage: string,
    partition: number,
    counters: Readonly<Record<string, number>>,
    gauges: Readonly<Record<string, number>>,
  ): void {
    const sums = this.counters[stage] ?? {};
    this.counters[stage] = sums;
    for (const name in counters) sums[name] = (sums[name] ?? 0) + (counters[name] ?? 0);
    this.gauges[`${stage}/${partition}`] = { ...gauges };
  }

  #address(stage: StageSpec, partition: number): { stage: string; partition: number } {
    return { stage: stage.name, partition: partition + this.#salt };
  }

  /** Kernels of several drivers live in one thread: their addresses must not meet. */
  get #salt(): number {
    let hash = 0;
    for (const char of this.#name) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
    return hash * 4096;
  }
}

function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Uint8Array.from(bytes);
}
