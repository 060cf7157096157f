import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotReader, SlotWriter } from './slot.ts';
import { TaskState } from './task-state.ts';
import type { FetchedRecord, OutboundRecord, PartitionRange } from './transport.ts';

/** A state topic in memory that compacts as eagerly as a broker may: only the newest record of a key is left. */
class CompactedLog {
  readonly #records = new Map<string, FetchedRecord>();
  #next = 0;

  append(records: readonly OutboundRecord[]): void {
    for (const { key, value, headers } of records) {
      const name = Buffer.from(key ?? new Uint8Array(0)).toString('latin1');
      this.#records.delete(name);
      this.#records.set(name, { key, value, headers, timestampMs: 0, offset: this.#next });
      this.#next += 1;
    }
  }

  /** Entries on the topic, tombstones and the stamp not counted. */
  get size(): number {
    return [...this.#records].filter(([name, { value }]) => value !== null && name !== '~stamp')
      .length;
  }

  async ranges(): Promise<PartitionRange[]> {
    return [{ partition: 0, low: 0, high: this.#next }];
  }

  async *read(_topic: string, _partition: number, from: number): AsyncIterable<FetchedRecord[]> {
    yield [...this.#records.values()].filter(({ offset }) => offset >= from);
  }

  async write(_producer: string, records: readonly OutboundRecord[]): Promise<void> {
    this.append(records);
  }
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

async function restore(log: CompactedLog) {
  const state = new TaskState({
    transport: log,
    prefix: 'test.',
    task: { stage: 'detect', partition: 0 },
    chunkBytes: 200,
    clock: { nowMs: () => 0 },
  });
  const entries = new Map<string, string>();
  const positions = await state.restore(async (records) => {
    for (const { key, value } of records) {
      const name = Buffer.from(key ?? new Uint8Array(0)).toString();
      if (value === null) entries.delete(name);
      else entries.set(name, Buffer.from(value).toString());
    }
  });
  return { state, entries, positions };
}

function save(state: TaskState, log: CompactedLog, changes: Changes, offset: number): void {
  log.append(state.records(entriesOf(changes), new Map([['in', offset]])));
  state.acknowledged();
}

describe('TaskState', () => {
  it('restores what was saved last, and where the input stood', async () => {
    const log = new CompactedLog();
    const { state } = await restore(log);
    save(state, log, { a: '1', b: '1' }, 10);
    save(state, log, { a: '2' }, 20);
    save(state, log, { b: null }, 30);
    const restored = await restore(log);
    expect([...restored.entries]).toEqual([['a', '2']]);
    expect([...restored.positions]).toEqual([['in', 30]]);
  });

  it('writes nothing when neither state nor input moved', async () => {
    const { state } = await restore(new CompactedLog());
    expect(state.records(entriesOf({}), new Map([['in', 5]]))).toHaveLength(1);
    state.acknowledged();
    expect(state.records(entriesOf({}), new Map([['in', 5]]))).toEqual([]);
  });

  it('leaves no trace of removed entries', async () => {
    const log = new CompactedLog();
    const { state } = await restore(log);
    for (let i = 0; i < 50; i++) save(state, log, { [`key${i}`]: 'x', [`key${i - 1}`]: null }, i);
    save(state, log, { key49: null }, 50);
    save(state, log, { last: 'y' }, 51);
    expect(log.size).toBe(1);
  });

  it('is that of a complete checkpoint, wherever a crash cuts one off and however often', async () => {
    const changes = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.option(fc.string({ maxLength: 3 })),
    );
    const steps = fc.array(
      fc.record({ changes, crashAfter: fc.option(fc.nat({ max: 6 }), { freq: 2 }) }),
      { maxLength: 25 },
    );
    await fc.assert(fc.asyncProperty(steps, followModel), { numRuns: 500 });
  });
});

interface Step {
  readonly changes: Changes;
  /** Records of the checkpoint that get to the topic before the crash; null: no crash. */
  readonly crashAfter: number | null;
}

async function followModel(steps: readonly Step[]): Promise<void> {
  const log = new CompactedLog();
  const model = new Map<string, string>();
  let offset = 0;
  let { state } = await restore(log);
  for (const { changes, crashAfter } of steps) {
    const records = state.records(entriesOf(changes), new Map([['in', offset + 1]]));
    log.append(records.slice(0, crashAfter ?? records.length));
    if (crashAfter === null || crashAfter >= records.length) {
      offset += 1;
      apply(model, changes);
    }
    if (crashAfter === null) {
      state.acknowledged();
      continue;
    }
    const restored = await restore(log);
    expect(Object.fromEntries(restored.entries)).toEqual(Object.fromEntries(model));
    expect(restored.positions.get('in') ?? 0).toBe(offset);
    state = restored.state;
  }
  const last = await restore(log);
  expect(Object.fromEntries(last.entries)).toEqual(Object.fromEntries(model));
}

function apply(model: Map<string, string>, changes: Changes): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) model.delete(key);
    else model.set(key, value);
  }
}
