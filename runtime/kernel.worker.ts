import { monotonicClock } from './clock.ts';
import { DEAD_LETTER_TOPIC, deadLetter, isRedriven } from './dead-letter.ts';
import { DeadLetterCap } from './dead-letter-cap.ts';
import { errorCatalogue, PipelineError } from './errors.ts';
import type {
  CreateKernel,
  Kernel,
  KernelOutput,
  KernelRejection,
  RejectionOutcome,
} from './kernel.ts';
import type { KernelAnswer, KernelCall, TaskAddress } from './kernel-call.ts';
import { SlotReader, SlotWriter } from './slot.ts';
import type { StateEntry } from './state/state-entries.ts';
import type { RecordHeaders } from './transport.ts';

interface OpenTask {
  readonly kernel: Kernel;
  readonly stage: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly prefix: string;
  readonly cap: DeadLetterCap;
  /** Changed entries of which some were taken out; records are processed meanwhile. */
  pass?: Generator<StateEntry> | undefined;
  /** What is left to be taken out before records are processed again. */
  rest?: Generator<StateEntry> | undefined;
}

/** State entry of the cap; kernels have no keys like it. */
const CAP_KEY = Buffer.from('~dead-letters');
const NO_HEADERS: RecordHeaders = Object.freeze({});
const tasks = new Map<string, OpenTask>();

/** The end of the last call so far. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Runs a kernel call in a worker thread, after all that were posted before: the same file for every stage, which names
 * its kernel module by URL.
 *
 * @throws PipelineError of the kernel’s own, or `KERNEL_FAILED` (fate: stop) around anything else it throws.
 */
export default function inTurn(call: KernelCall): Promise<KernelAnswer> {
  const answer = before.then(() => runKernelCall(call));
  before = answer.catch(() => undefined);
  return answer;
}

async function runKernelCall(call: KernelCall): Promise<KernelAnswer> {
  try {
    const startMs = monotonicClock.elapsedMs();
    const given = await dispatch(call);
    return { ...given, elapsedMs: monotonicClock.elapsedMs() - startMs };
  } catch (error) {
    if (error instanceof PipelineError) throw crossThread(error);
    const where = `${call.task.stage}/${call.task.partition} ${call.op}`;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw crossThread(new PipelineError('KERNEL_FAILED', `${where}: ${text}`));
  }
}

/** Structured clone keeps the message of an error and no name of its own, so the code rides in front of the message. */
function crossThread(error: PipelineError): Error {
  return new Error(`PipelineError:${error.code}:${error.detail}`);
}

async function dispatch(call: KernelCall): Promise<KernelAnswer> {
  if (call.op === 'warm') {
    (await load(call)).close?.();
    return answer();
  }
  if (call.op === 'open') return open(call);
  if (call.op === 'close') {
    close(call.task);
    return answer();
  }
  const task = tasks.get(addressKey(call.task));
  if (task === undefined) throw new PipelineError('TASK_LOST', addressKey(call.task));
  if (call.op === 'restore') return restore(task, call.input, call.bytes);
  if (call.op === 'checkpoint') return checkpoint(task, call);
  const input = new SlotReader(call.input, call.bytes);
  const output = new SlotOutput(task, input, new SlotWriter(call.output));
  await task.kernel.process(input, output);
  return output.answer();
}

async function load({ kernel, context }: KernelCall & { op: 'open' | 'warm' }): Promise<Kernel> {
  const module = (await import(kernel)) as { default: CreateKernel<unknown> };
  return await module.default(context);
}

async function open(call: KernelCall & { op: 'open' }): Promise<KernelAnswer> {
  const kernel = await load(call);
  const { inputs, outputs, prefix, deadLetters } = call;
  const { stage } = call.task;
  close(call.task);
  const cap = new DeadLetterCap(deadLetters);
  tasks.set(addressKey(call.task), { kernel, stage, inputs, outputs, prefix, cap });
  return answer();
}

function close(address: TaskAddress): void {
  tasks.get(addressKey(address))?.kernel.close?.();
  tasks.delete(addressKey(address));
}

function restore(task: OpenTask, buffer: SharedArrayBuffer, bytes: number): KernelAnswer {
  const input = new SlotReader(buffer, bytes);
  while (input.next()) {
    const { key, value } = input;
    if (key === null) continue;
    if (!CAP_KEY.equals(key)) task.kernel.restore(key, value);
    else if (value !== null) task.cap.restore(value);
  }
  return answer();
}

function checkpoint(task: OpenTask, call: KernelCall & { op: 'checkpoint' }): KernelAnswer {
  const writer = new SlotWriter(call.output);
  const entries = takenFrom(task, call.last);
  let largest = 0;
  let more = true;
  while (more && writer.byteLength + largest <= call.maxBytes) {
    const next = entries.next();
    if (next.done === true) more = false;
    else largest = Math.max(largest, append(writer, next.value));
  }
  if (!more && call.last) task.rest = undefined;
  else if (!more) task.pass = undefined;
  return {
    output: writer.buffer,
    bytes: writer.byteLength,
    records: writer.count,
    counters: {},
    gauges: {},
    more,
    elapsedMs: 0,
  };
}

function takenFrom(task: OpenTask, last: boolean): Generator<StateEntry> {
  if (!last) {
    task.pass ??= changed(task);
    return task.pass;
  }
  task.rest ??= remaining(task);
  return task.rest;
}

function* changed({ kernel, cap }: OpenTask): Generator<StateEntry> {
  yield* kernel.checkpoint();
  const capped = cap.save();
  if (capped !== undefined) yield [CAP_KEY, capped];
}

/** What is left of a pass, and then what changed behind it. */
function* remaining(task: OpenTask): Generator<StateEntry> {
  const { pass } = task;
  task.pass = undefined;
  if (pass !== undefined) yield* pass;
  yield* changed(task);
}

/** @returns bytes that the entry takes. */
function append(writer: SlotWriter, [key, value]: StateEntry): number {
  const before = writer.byteLength;
  writer.append(0, 0, 0, { key, value, headers: NO_HEADERS, timestampMs: 0 });
  return writer.byteLength - before;
}

class SlotOutput implements KernelOutput {
  readonly #task: OpenTask;
  readonly #input: SlotReader;
  readonly #writer: SlotWriter;
  readonly #topics = new Map<string, number>();
  readonly #counters: Record<string, number> = {};
  readonly #gauges: Record<string, number> = {};

  constructor(task: OpenTask, input: SlotReader, writer: SlotWriter) {
    this.#task = task;
    this.#input = input;
    this.#writer = writer;
    task.outputs.forEach((topic, number) => {
      this.#topics.set(topic, number);
    });
  }

  emit(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestampMs: number,
    headers: RecordHeaders = NO_HEADERS,
  ): void {
    const number = this.#topics.get(topic);
    if (number === undefined)
      throw new PipelineError('KERNEL_FAILED', `${topic} is no output of this stage`);
    this.#writer.append(number, partition, 0, { key, value, headers, timestampMs });
  }

  reject(index: number, rejection: KernelRejection): RejectionOutcome {
    const { code, points } = rejection;
    if (errorCatalogue[code].fate === 'drop') {
      this.count(`points_dropped_total{code="${code}"}`, points);
      return 'drop';
    }
    if (index !== this.#input.index)
      throw new PipelineError('KERNEL_FAILED', 'only the current record can be rejected');
    const { tenant = '' } = rejection;
    const { headers, timestampMs } = this.#input;
    // What was kept once is kept again: its first dead letter does not count any more.
    const standsFor = isRedriven(headers) ? 1 : this.#task.cap.admit(tenant, code, timestampMs);
    if (standsFor === 0) {
      this.count(`points_dropped_total{code="${code}"}`, points);
      this.count(`dead_letters_left_out_total{code="${code}"}`, 1);
      return 'leftOut';
    }
    this.count(`points_dead_lettered_total{code="${code}"}`, points);
    this.count(`records_dead_lettered_total{code="${code}"}`, 1);
    this.#emitDeadLetter(rejection, tenant, standsFor);
    return 'deadLetter';
  }

  #emitDeadLetter(
    { code, points, detail = '', value }: KernelRejection,
    tenant: string,
    standsFor: number,
  ): void {
    const input = this.#input;
    const { partition, offset, timestampMs, key } = input;
    const { stage, inputs, prefix } = this.#task;
    const letter = deadLetter({
      code,
      detail,
      stage,
      topic: prefix + (inputs[input.topic] ?? ''),
      partition,
      offset,
      timestampMs,
      tenant,
      points,
      standsFor,
      partial: value !== undefined,
      headers: input.headers,
      value: value ?? input.value,
    });
    this.emit(DEAD_LETTER_TOPIC, partition, key, letter.value, timestampMs, letter.headers);
  }

  count(name: string, by: number): void {
    this.#counters[name] = (this.#counters[name] ?? 0) + by;
  }

  gauge(name: string, value: number): void {
    this.#gauges[name] = value;
  }

  answer(): KernelAnswer {
    const { buffer, byteLength, count } = this.#writer;
    return {
      output: buffer,
      bytes: byteLength,
      records: count,
      counters: this.#counters,
      gauges: this.#gauges,
      elapsedMs: 0,
    };
  }
}

function answer(): KernelAnswer {
  return { bytes: 0, records: 0, counters: {}, gauges: {}, elapsedMs: 0 };
}

function addressKey({ stage, partition }: TaskAddress): string {
  return `${stage}/${partition}`;
}
