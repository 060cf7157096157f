import { describe, expect, it } from 'vitest';
import { DeadLetterCap } from './dead-letter-cap.ts';

const NOON = Date.UTC(2026, 0, 5, 12);
const MINUTE_MS = 60_000;
const limits = { maxPerMinute: 3, sampleEvery: 4 };

/** What each of so many equal refusals stands for. */
function admitted(cap: DeadLetterCap, count: number, atMs = NOON, tenant = 'a'): number[] {
  return Array.from({ length: count }, () => cap.admit(tenant, 'RECORD_EMPTY', atMs));
}

describe('DeadLetterCap', () => {
  it('keeps the first, then each so-manieth with those before it', () => {
    const cap = new DeadLetterCap(limits);
    expect(admitted(cap, 12)).toEqual([1, 1, 1, 0, 0, 0, 4, 0, 0, 0, 4, 0]);
  });

  it('begins anew with the next minute, and not with an earlier one', () => {
    const cap = new DeadLetterCap(limits);
    admitted(cap, 5);
    expect(admitted(cap, 1, NOON - MINUTE_MS)).toEqual([0]);
    expect(admitted(cap, 4, NOON + MINUTE_MS)).toEqual([1, 1, 1, 0]);
    expect(admitted(cap, 1, NOON)).toEqual([0]);
  });

  it('tells tenants and codes apart', () => {
    const cap = new DeadLetterCap(limits);
    admitted(cap, 5);
    expect(admitted(cap, 1, NOON, 'b')).toEqual([1]);
    expect(cap.admit('a', 'RECORD_TYPE', NOON)).toBe(1);
    expect(cap.admit('', 'RECORD_EMPTY', NOON)).toBe(1);
  });

  it.each([
    ['a year back', -365],
    ['a year ahead', 365],
  ])('does not follow two records from %s, and follows the third', (_name, days) => {
    const cap = new DeadLetterCap(limits);
    const thereMs = NOON + days * 24 * 60 * MINUTE_MS;
    admitted(cap, 3);
    expect(admitted(cap, 2, thereMs)).toEqual([0, 0]);
    // One of the known time: the strangers were not in a row.
    expect(admitted(cap, 1, NOON)).toEqual([0]);
    expect(admitted(cap, 1, thereMs)).toEqual([4]);
    expect(admitted(cap, 2, thereMs)).toEqual([0, 1]);
  });

  it('bounds what hostile names cost: beyond a thousand kinds they are capped together', () => {
    const cap = new DeadLetterCap(limits);
    const kept = Array.from({ length: 2000 }, (_, i) => cap.admit(`t${i}`, 'TENANT_UNKNOWN', NOON));
    expect(kept.slice(0, 1003).every((standsFor) => standsFor === 1)).toBe(true);
    const beyond = kept.slice(1003);
    expect(beyond.filter((standsFor) => standsFor > 0)).toHaveLength(Math.floor(997 / 4));
    expect((cap.save() ?? []).length).toBeLessThan(100_000);
  });

  it('goes on from its saved state as if it had never stopped', () => {
    const straight = new DeadLetterCap(limits);
    const times = [0, 1, 1, 0, 99, 99, 1, 1, 1, 1, 1, 1].map((m) => NOON + m * MINUTE_MS);
    const expected = times.map((ms) => straight.admit('a', 'RECORD_EMPTY', ms));
    for (let cut = 0; cut <= times.length; cut++) {
      const before = new DeadLetterCap(limits);
      const head = times.slice(0, cut).map((ms) => before.admit('a', 'RECORD_EMPTY', ms));
      const after = new DeadLetterCap(limits);
      const saved = before.save();
      if (saved !== undefined) after.restore(saved);
      const tail = times.slice(cut).map((ms) => after.admit('a', 'RECORD_EMPTY', ms));
      expect([...head, ...tail]).toEqual(expected);
    }
  });

  it('has nothing to save before the first refusal, nor twice', () => {
    const cap = new DeadLetterCap(limits);
    expect(cap.save()).toBeUndefined();
    admitted(cap, 1);
    expect(cap.save()).toBeDefined();
    expect(cap.save()).toBeUndefined();
  });
});
