import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotReader, SlotWriter } from './slot.ts';
import { TaskState } from './task-state.ts';
import type { FetchedRecord, OutboundRecord, PartitionRange, TopicRecord } from './transport.ts';

/** A state topic in memory that compacts when it is told to: then only the newest record of a key is left. */
class StateLog {
  #records: FetchedRecord[] = [];
  #next = 0;
  /** Offsets that reads began at. */
  readonly reads: number[] = [];

  append(records: readonly OutboundRecord[]): void {
    for (const { key, value, headers } of records) {
      this.#records.push({ key, value, headers, timestampMs: 0, offset: this.#next });
      this.#next += 1;
    }
  }

  /** Removes superseded records below an offset, as a broker does when it thinks fit. */
  compact(below = this.#next): void {
    const newest = new Map(
      this.#records
        .filter(({ offset }) => offset < below)
        .map(({ key, offset }) => [nameOf(key), offset]),
    );
    this.#records = this.#records.filter(
      ({ key, offset }) => offset >= below || newest.get(nameOf(key)) === offset,
    );
  }

  /** Entries on the topic, tombstones and the stamp not counted. */
  get size(): number {
    return this.#records.filter(({ key, value }) => value !== null && nameOf(key) !== '~stamp')
      .length;
  }

  get end(): number {
    return this.#next;
  }

  async ranges(): Promise<PartitionRange[]> {
    return [this.range];
  }

  get range(): PartitionRange {
    return { partition: 0, low: 0, high: this.#next };
  }

  async *read(
    _topic: string,
    _partition: number,
    from: number,
    { to = this.#next }: { readonly to?: number } = {},
  ): AsyncIterable<FetchedRecord[]> {
    this.reads.push(from);
    yield this.#records.filter(({ offset }) => offset >= from && offset < to);
  }

  async write(_producer: string, records: readonly OutboundRecord[]): Promise<void> {
    this.append(records);
  }
}

function nameOf(key: Uint8Array | null): string {
  return Buffer.from(key ?? []).toString('latin1');
}

type Changes = Readonly<Record<string, string | null>>;

function entriesOf(changes: Changes): SlotReader {
  const slot = new SlotWriter(new SharedArrayBuffer(1024));
  for (const [key, value] of Object.entries(changes)) {
    const bytes = value === null ? null : Buffer.from(value);
    slot.append(0, 0, 0, { key: Buffer.from(key), value: bytes, headers: {}, timestampMs: 0 });
  }
  return new SlotReader(slot.buffer, slot.byteLength);
}

/** A kernel’s entries, and the saved state that they come from. */
class Holder {
  readonly entries = new Map<string, string>();
  readonly state: TaskState;
  readonly #log: StateLog;

  constructor(log: StateLog) {
    this.#log = log;
    this.state = new TaskState({
      transport: log,
      prefix: 'test.',
      task: { stage: 'detect', partition: 0 },
      chunkBytes: 200,
      clock: { nowMs: () => 0 },
    });
  }

  follow(): Promise<void> {
    return this.state.follow(this.#hand, this.#log.range);
  }

  restore(): Promise<ReadonlyMap<string, number>> {
    return this.state.restore(this.#hand);
  }

  readonly #hand = async (records: readonly TopicRecord[]): Promise<void> => {
    for (const { key, value } of records) {
      const name = nameOf(key);
      if (value === null) this.entries.delete(name);
      else this.entries.set(name, Buffer.from(value).toString());
    }
  };
}

async function restore(log: StateLog) {
  const holder = new Holder(log);
  const positions = await holder.restore();
  return { state: holder.state, entries: holder.entries, positions };
}

function save(state: TaskState, log: StateLog, changes: Changes, offset: number): void {
  log.append(state.records(entriesOf(changes), new Map([['in', offset]])));
  state.acknowledged();
}

describe('TaskState', () => {
  it('restores what was saved last, and where the input stood', async () => {
    const log = new StateLog();
    const { state } = await restore(log);
    save(state, log, { a: '1', b: '1' }, 10);
    save(state, log, { a: '2' }, 20);
    save(state, log, { b: null }, 30);
    const restored = await restore(log);
    expect([...restored.entries]).toEqual([['a', '2']]);
    expect([...restored.positions]).toEqual([['in', 30]]);
  });

  it('writes nothing when neither state nor input moved', async () => {
    const { state } = await restore(new StateLog());
    expect(state.records(entriesOf({}), new Map([['in', 5]]))).toHaveLength(1);
    state.acknowledged();
    expect(state.records(entriesOf({}), new Map([['in', 5]]))).toEqual([]);
  });

  it('takes an entry that was in a part and again at the end from the end', async () => {
    const log = new StateLog();
    const { state } = await restore(log);
    save(state, log, { a: '1', b: '1', c: '1' }, 10);
    log.append(state.part(entriesOf({ a: 'early', b: null })));
    log.append(state.part(entriesOf({ c: null })));
    expect(Object.fromEntries((await restore(log)).entries)).toEqual({ a: '1', b: '1', c: '1' });
    save(state, log, { a: '2', c: '2' }, 20);
    const restored = await restore(log);
    expect(Object.fromEntries(restored.entries)).toEqual({ a: '2', c: '2' });
    expect([...restored.positions]).toEqual([['in', 20]]);
  });

  it('leaves no trace of removed entries', async () => {
    const log = new StateLog();
    const { state } = await restore(log);
    for (let i = 0; i < 50; i++) save(state, log, { [`key${i}`]: 'x', [`key${i - 1}`]: null }, i);
    save(state, log, { key49: null }, 50);
    save(state, log, { last: 'y' }, 51);
    log.compact();
    expect(log.size).toBe(1);
  });

  it('is not that of a checkpoint that a crash cut off, though its number is below a later stamp', async () => {
    const log = new StateLog();
    const first = await restore(log);
    save(first.state, log, { a: '1' }, 10);
    log.append(first.state.records(entriesOf({ a: 'torn' }), new Map([['in', 20]])).slice(0, 1));
    const second = await restore(log);
    save(second.state, log, { b: '1' }, 15);
    const third = await restore(log);
    expect(Object.fromEntries(third.entries)).toEqual({ a: '1', b: '1' });
    save(third.state, log, { b: '2' }, 30);
    expect(Object.fromEntries((await restore(log)).entries)).toEqual({ a: '1', b: '2' });
  });

  it('is taken over by a follower that reads only what it has not read', async () => {
    const log = new StateLog();
    const owner = await restore(log);
    save(owner.state, log, { a: '1', b: '1' }, 10);
    const follower = new Holder(log);
    await follower.follow();
    const seen = log.end;
    save(owner.state, log, { b: '2' }, 20);
    log.append(owner.state.records(entriesOf({ a: 'torn' }), new Map([['in', 30]])).slice(0, 1));
    log.reads.length = 0;
    expect(Object.fromEntries(await follower.restore())).toEqual({ in: 20 });
    expect(Object.fromEntries(follower.entries)).toEqual({ a: '1', b: '2' });
    expect(log.reads).toEqual([seen]);
    expect(follower.state.progress.behind).toBe(0);
  });

  it('is that of a complete checkpoint, wherever a crash cuts one off and however often', async () => {
    const changes = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.option(fc.string({ maxLength: 3 })),
    );
    const steps = fc.array(
      fc.record({
        parts: fc.array(changes, { maxLength: 2 }),
        changes,
        crashAfter: fc.option(fc.nat({ max: 9 }), { freq: 2 }),
        follow: fc.boolean(),
        takeOver: fc.boolean(),
        compact: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 2 }),
      }),
      { maxLength: 25 },
    );
    await fc.assert(fc.asyncProperty(steps, followModel), { numRuns: 1000 });
  });
});

interface Step {
  /** What was written before the end of the checkpoint, and then the end. */
  readonly parts: readonly Changes[];
  readonly changes: Changes;
  /** Records of the checkpoint that get to the topic before the crash; null: no crash. */
  readonly crashAfter: number | null;
  /** Whether the follower looks at the topic after this step, and takes over after a crash. */
  readonly follow: boolean;
  readonly takeOver: boolean;
  /** Share of the topic that is compacted after this step. */
  readonly compact: number | null;
}

async function followModel(steps: readonly Step[]): Promise<void> {
  const log = new StateLog();
  const model = new Map<string, string>();
  let offset = 0;
  let { state } = await restore(log);
  let follower = new Holder(log);
  for (const { parts, changes, crashAfter, follow, takeOver, compact } of steps) {
    const records = recordsOf(state, parts, changes, offset + 1);
    const written = Math.min(crashAfter ?? records.length, records.length);
    log.append(records.slice(0, written));
    if (written === records.length) {
      offset += 1;
      apply(model, ...parts, changes);
    }
    if (compact !== null) log.compact(Math.floor(compact * log.end));
    if (follow) await follower.follow();
    if (crashAfter === null) {
      state.acknowledged();
      continue;
    }
    const heir = takeOver ? follower : new Holder(log);
    const positions = await heir.restore();
    if (takeOver) follower = new Holder(log);
    expect(Object.fromEntries(heir.entries)).toEqual(Object.fromEntries(model));
    expect(positions.get('in') ?? 0).toBe(offset);
    state = heir.state;
  }
  const last = await restore(log);
  expect(Object.fromEntries(last.entries)).toEqual(Object.fromEntries(model));
}

function recordsOf(state: TaskState, parts: readonly Changes[], end: Changes, offset: number) {
  const early = parts.flatMap((part) => state.part(entriesOf(part)));
  return [...early, ...state.records(entriesOf(end), new Map([['in', offset]]))];
}

function apply(model: Map<string, string>, ...parts: readonly Changes[]): void {
  for (const [key, value] of parts.flatMap((changes) => Object.entries(changes))) {
    if (value === null) model.delete(key);
    else model.set(key, value);
  }
}
