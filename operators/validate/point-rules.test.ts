import { describe, expect, it } from 'vitest';
import { validateOptions } from './options.ts';
import { PointRules } from './point-rules.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const options = validateOptions.parse({});

function verdict(timestampMs: number, value: number, backfill = false, recordMs = NOW_MS) {
  const rules = new PointRules(options);
  rules.forRecord(recordMs, backfill);
  const [low = 0, high = 0] = new Uint32Array(Float64Array.of(value).buffer);
  return rules.check(timestampMs, value, high, low);
}

/** A NaN whose bits are given: arithmetic would not keep them. */
function nanVerdict(high: number, low: number) {
  const rules = new PointRules(options);
  rules.forRecord(NOW_MS, false);
  return rules.check(NOW_MS, Number.NaN, high, low);
}

describe('PointRules', () => {
  it.each([
    ['the record’s own time', NOW_MS, 'good'],
    ['the end of the grace period', NOW_MS + 600_000, 'good'],
    ['beyond the grace period', NOW_MS + 600_001, 'TIMESTAMP_TOO_FAR_AHEAD'],
    ['year 2100', Date.UTC(2100, 0, 1), 'TIMESTAMP_TOO_FAR_AHEAD'],
    ['late, but to act on', NOW_MS - 900_000, 'good'],
    ['too late to act on', NOW_MS - 900_001, 'historical'],
    ['the oldest that is taken', NOW_MS - 3_600_000, 'historical'],
    ['older than is taken', NOW_MS - 3_600_001, 'TIMESTAMP_TOO_OLD'],
    ['1970', 0, 'TIMESTAMP_INVALID'],
    ['before 1970', -5, 'TIMESTAMP_INVALID'],
    ['half a millisecond', NOW_MS + 0.5, 'TIMESTAMP_INVALID'],
    ['no number', Number.NaN, 'TIMESTAMP_INVALID'],
    ['beyond 2^53', 2 ** 54, 'TIMESTAMP_INVALID'],
  ])('judges a time: %s', (_name, timestampMs, expected) => {
    expect(verdict(timestampMs, 1)).toBe(expected);
  });

  it('takes any age from back-fill, as historical, but no future', () => {
    expect(verdict(1, 1, true)).toBe('historical');
    expect(verdict(NOW_MS, 1, true)).toBe('historical');
    expect(verdict(NOW_MS + 600_001, 1, true)).toBe('TIMESTAMP_TOO_FAR_AHEAD');
  });

  it('judges by the record’s time, whatever record came before', () => {
    const rules = new PointRules(options);
    rules.forRecord(NOW_MS, true);
    rules.forRecord(NOW_MS + 10_000_000, false);
    expect(rules.check(NOW_MS, 1, 0, 0)).toBe('TIMESTAMP_TOO_OLD');
  });

  it.each([0, -0, 5e-324, 1.7e308, -1.7e308])('takes the value %d', (value) => {
    expect(verdict(NOW_MS, value)).toBe('good');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses the value %d',
    (value) => {
      expect(verdict(NOW_MS, value)).toBe('VALUE_NOT_FINITE');
    },
  );

  it('takes the staleness marker, quiet bit or not, and no other NaN', () => {
    expect(nanVerdict(0x7ff00000, 2)).toBe('good');
    expect(nanVerdict(0x7ff80000, 2)).toBe('good');
    expect(nanVerdict(0x7ff00000, 1)).toBe('VALUE_NOT_FINITE');
    expect(nanVerdict(0x7ff80000, 0)).toBe('VALUE_NOT_FINITE');
    expect(nanVerdict(0xfff00000, 2)).toBe('VALUE_NOT_FINITE');
  });

  it('tells the value’s fault before the time’s', () => {
    expect(verdict(-1, Number.NaN)).toBe('VALUE_NOT_FINITE');
  });
});
