import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PipelineError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { FetchedRecord } from '../runtime/transport.ts';
import type { SchemaRegistry } from '../schemas/registry.ts';
import { SchemaGate } from './schema-gate.ts';
import type { BroadcastRecords } from './stage-run.ts';

const OWN = 1;
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A registry in memory that can be away. */
class MemoryRegistry implements SchemaRegistry {
  readonly schemas = new Map<number, string>();
  readonly asked: number[] = [];
  away = false;
  defect: Error | undefined;

  async register(): Promise<number> {
    throw new PipelineError('SCHEMA_UNREGISTERED');
  }

  async fetch(id: number): Promise<string | undefined> {
    this.asked.push(id);
    await Promise.resolve();
    if (this.defect !== undefined) throw this.defect;
    if (this.away) throw new PipelineError('REGISTRY_UNAVAILABLE', 'connection refused');
    return this.schemas.get(id);
  }
}

function record(value: Uint8Array | null, offset = 0): FetchedRecord {
  return { key: null, value, headers: {}, timestampMs: 0, offset };
}

function framed(id: number): FetchedRecord {
  const value = Buffer.alloc(8);
  value.writeUInt32BE(id, 1);
  return record(value);
}

function learned(admitted: BroadcastRecords | undefined): string[] {
  return (admitted?.records ?? []).map(({ key, value }) => `${key} ${value}`);
}

describe('SchemaGate', () => {
  let registry: MemoryRegistry;
  let gate: SchemaGate;
  beforeEach(() => {
    vi.useFakeTimers();
    registry = new MemoryRegistry();
    registry.schemas.set(7, '"seven"').set(8, '"eight"');
    gate = new SchemaGate(registry, new Set([OWN]), silent);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks nothing for no records, own ids, tombstones, and what has no frame', () => {
    const none = [
      framed(OWN),
      record(null),
      record(Buffer.from('{}')),
      record(Buffer.of(0, 0, 0, 7)),
    ];
    expect(gate.admit([])).toBeUndefined();
    expect(gate.admit(none)).toBeUndefined();
    expect(registry.asked).toEqual([]);
  });

  it('gives each foreign schema of the records, and asks once for it', async () => {
    const first = await gate.admit([framed(7), framed(OWN), framed(8), framed(7)]);
    expect(first?.topic).toBe('schemas');
    expect(learned(first)).toEqual(['7 "seven"', '8 "eight"']);
    const again = gate.admit([framed(8)]);
    expect(again).not.toBeInstanceOf(Promise);
    expect(learned(await again)).toEqual(['8 "eight"']);
    expect(registry.asked).toEqual([7, 8]);
  });

  it('reads an id of 32 bits', async () => {
    registry.schemas.set(0xfffffffe, '"large"');
    expect(learned(await gate.admit([framed(0xfffffffe)]))).toEqual(['4294967294 "large"']);
  });

  it('leaves an id that the registry does not know unlearned, and asks again next time', async () => {
    expect(learned(await gate.admit([framed(9), framed(7)]))).toEqual(['7 "seven"']);
    registry.schemas.set(9, '"nine"');
    expect(learned(await gate.admit([framed(9)]))).toEqual(['9 "nine"']);
  });

  it('makes one call of several partitions that wait for the same id', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => gate.admit([framed(7)])));
    expect(answers.map(learned)).toEqual([['7 "seven"'], ['7 "seven"'], ['7 "seven"']]);
    expect(registry.asked).toEqual([7]);
  });

  it('waits while the registry is away, loses nothing, and goes on', async () => {
    registry.away = true;
    const order: string[] = [];
    const waiting = [7, 8, 7].map(async (id, turn) => {
      const admitted = await gate.admit([framed(id)]);
      order.push(`${turn}: ${learned(admitted)}`);
    });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(order).toEqual([]);
    // The wait grows, but never beyond ten seconds: two ids, an hour.
    expect(registry.asked.length).toBeGreaterThan(700);
    expect(registry.asked.length).toBeLessThan(750);
    registry.away = false;
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(waiting);
    expect(order.toSorted()).toEqual(['0: 7 "seven"', '1: 8 "eight"', '2: 7 "seven"']);
  });

  it('gives up waiting when it is closed, at once and for good', async () => {
    registry.away = true;
    const waiting = Promise.resolve(gate.admit([framed(7)]));
    const refused = expect(waiting).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      fate: 'retry',
    });
    await vi.advanceTimersByTimeAsync(100);
    gate.close();
    await refused;
    expect(vi.getTimerCount()).toBe(0);
    await expect(gate.admit([framed(7)])).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    registry.away = false;
    expect(learned(await gate.admit([framed(7)]))).toEqual(['7 "seven"']);
  });

  it('passes on what is no passing fault', async () => {
    registry.defect = new PipelineError('TRANSPORT_REFUSED', '401');
    await expect(gate.admit([framed(7)])).rejects.toBe(registry.defect);
    expect(registry.asked).toEqual([7]);
  });
});
