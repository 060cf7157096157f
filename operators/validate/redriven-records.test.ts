import { describe, expect, it } from 'vitest';
import { RedrivenRecords } from './redriven-records.ts';

const RAW = 'vigie.metrics.raw';

/** Takes over everything another one would save. */
function restored(from: RedrivenRecords): RedrivenRecords {
  const records = new RedrivenRecords();
  for (const [key, block] of from.takeChanged()) records.restore(key, block);
  return records;
}

describe('RedrivenRecords', () => {
  it('takes each name in once', () => {
    const records = new RedrivenRecords();
    expect(records.take(`${RAW}/0/17/VALUE_NOT_FINITE`)).toBe('first');
    expect(records.take(`${RAW}/0/17/VALUE_NOT_FINITE`)).toBe('repeat');
  });

  it('tells topics, partitions, offsets and codes apart', () => {
    const records = new RedrivenRecords();
    const names = [
      `${RAW}/0/17/TENANT_UNKNOWN`,
      `${RAW}/1/17/TENANT_UNKNOWN`,
      `${RAW}/0/18/TENANT_UNKNOWN`,
      `${RAW}/0/4113/TENANT_UNKNOWN`,
      `${RAW}/0/17/RECORD_EMPTY`,
      'other.metrics.raw/0/17/TENANT_UNKNOWN',
      `${RAW}/0/${Number.MAX_SAFE_INTEGER}/TENANT_UNKNOWN`,
    ];
    expect(names.map((name) => records.take(name))).toEqual(names.map(() => 'first'));
    expect(names.map((name) => records.take(name))).toEqual(names.map(() => 'repeat'));
  });

  it.each([
    ['no text', ''],
    ['no code', `${RAW}/0/17`],
    ['no offset', `${RAW}/0/x/RECORD_EMPTY`],
    ['an offset that is no number any more', `${RAW}/0/90071992547409920/RECORD_EMPTY`],
    ['a text without end', `${'x'.repeat(1_000_000)}/0/1/RECORD_EMPTY`],
  ])('notes nothing for %s', (_name, text) => {
    const records = new RedrivenRecords();
    expect([records.take(text), records.take(text)]).toEqual(['unnamed', 'unnamed']);
    expect(restored(records).take(`${RAW}/0/17/RECORD_EMPTY`)).toBe('first');
  });

  it('is kept by what it saves, and saves only what changed', () => {
    const records = new RedrivenRecords();
    for (let offset = 0; offset < 20_000; offset += 3)
      records.take(`${RAW}/0/${offset}/RECORD_EMPTY`);
    const after = restored(records);
    for (let offset = 0; offset < 20_000; offset++) {
      const expected = offset % 3 === 0 ? 'repeat' : 'first';
      expect(after.take(`${RAW}/0/${offset}/RECORD_EMPTY`)).toBe(expected);
    }
    const written: string[] = [];
    records.take(`${RAW}/0/1/RECORD_EMPTY`);
    for (const [key] of records.takeChanged()) written.push(key);
    expect(written).toHaveLength(1);
  });

  it('forgets its oldest block when there are too many, and says so', () => {
    const records = new RedrivenRecords();
    for (let block = 0; block <= 20_000; block++) {
      records.take(`${RAW}/0/${block * 4096}/RECORD_EMPTY`);
    }
    expect([records.takeForgotten(), records.takeForgotten()]).toEqual([1, 0]);
    const removed: string[] = [];
    for (const [key, block] of records.takeChanged()) if (block === null) removed.push(key);
    expect(removed).toEqual([`${RAW}/0/RECORD_EMPTY/0`]);
    expect(records.take(`${RAW}/0/${20_000 * 4096}/RECORD_EMPTY`)).toBe('repeat');
  });
});
