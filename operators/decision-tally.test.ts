import { describe, expect, it } from 'vitest';
import type { Decision } from '../schemas/generated/decision.ts';
import { type DecisionNote, DecisionTally } from './decision-tally.ts';

const MINUTE_MS = 60_000;
const base: DecisionNote = {
  tenant: 'acme',
  kind: 'REJECT',
  code: 'VALUE_NOT_FINITE',
  outcome: 'deadLetter',
  atMs: 0,
  count: 1,
  example: 'metrics.raw/0/0',
};

function drained(log: DecisionTally): Decision[] {
  const out: Decision[] = [];
  log.drain((decision) => out.push(decision));
  return out;
}

describe('DecisionTally', () => {
  it('has nothing to say at first, and of a minute only when a later one begins', () => {
    const log = new DecisionTally('validate', 3);
    expect(drained(log)).toEqual([]);
    log.note({ ...base, atMs: 5 * MINUTE_MS + 1, count: 2, example: 'a' });
    log.note({ ...base, atMs: 6 * MINUTE_MS - 1, count: 3, example: 'b' });
    expect(drained(log)).toEqual([]);
    log.note({ ...base, atMs: 6 * MINUTE_MS });
    expect(drained(log)).toMatchObject([
      {
        id: 'validate/3/1',
        tenant: 'acme',
        code: 'VALUE_NOT_FINITE',
        count: 5,
        examples: ['a', 'b'],
        atMs: 5 * MINUTE_MS,
        fromMs: 5 * MINUTE_MS,
        toMs: 6 * MINUTE_MS,
      },
    ]);
    expect(drained(log)).toEqual([]);
  });

  it('keeps three examples of many', () => {
    const log = new DecisionTally('validate', 0);
    for (let i = 0; i < 1000; i++) log.note({ ...base, example: `${i}` });
    log.note({ ...base, atMs: MINUTE_MS });
    expect(drained(log)).toMatchObject([{ count: 1000, examples: ['0', '1', '2'] }]);
  });

  it('ends the minutes that are over when it is told the time, and keeps that', () => {
    const log = new DecisionTally('validate', 0);
    log.note({ ...base, atMs: MINUTE_MS + 1 });
    log.save();
    log.advance(2 * MINUTE_MS - 1);
    expect(log.save()).toBeUndefined();
    log.advance(2 * MINUTE_MS);
    expect(log.save()).toBeDefined();
    expect(drained(log)).toMatchObject([{ count: 1, fromMs: MINUTE_MS, toMs: 2 * MINUTE_MS }]);
  });

  it('counts tenants, kinds and codes apart, and a late note in the minute that is open', () => {
    const log = new DecisionTally('validate', 0);
    const at = (over: Partial<DecisionNote>) => log.note({ ...base, atMs: 9 * MINUTE_MS, ...over });
    at({});
    at({ tenant: 'other' });
    at({ code: 'TENANT_UNKNOWN' });
    at({ kind: 'DROP' });
    at({ atMs: 0, count: 10 });
    expect(drained(log)).toEqual([]);
    at({ atMs: 20 * MINUTE_MS });
    expect(drained(log)).toMatchObject([{ tenant: 'acme', kind: 'REJECT', count: 11 }]);
  });

  it('holds at most a thousand open, oldest out first', () => {
    const log = new DecisionTally('validate', 0);
    for (let i = 0; i < 1005; i++) log.note({ ...base, tenant: `t${i}` });
    expect(drained(log).map(({ tenant }) => tenant)).toEqual(['t0', 't1', 't2', 't3', 't4']);
  });

  it('goes on from what was saved: the same notes give the same records with the same ids', () => {
    const notes = Array.from({ length: 40 }, (_, i) => ({
      ...base,
      atMs: i * 20_000,
      tenant: `t${i % 2}`,
    }));
    const whole = new DecisionTally('validate', 0);
    for (const note of notes) whole.note(note);
    const expected = drained(whole);
    expect(expected.length).toBeGreaterThan(10);

    const first = new DecisionTally('validate', 0);
    expect(first.save()).toBeUndefined();
    for (const note of notes.slice(0, 17)) first.note(note);
    const before = drained(first);
    const saved = first.save() ?? new Uint8Array(0);
    expect(first.save()).toBeUndefined();
    const second = new DecisionTally('validate', 0);
    second.restore(saved);
    for (const note of notes.slice(17)) second.note(note);
    expect([...before, ...drained(second)]).toEqual(expected);
  });
});
