import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNumber } from './number-text.ts';
import { parseTimestamp } from './timestamp-text.ts';

describe('parseTimestamp', () => {
  test.each([
    ['2015-02-26T21:42:53Z', 1424986973000],
    ['2015-02-26 21:42:53', 1424986973000],
    ['2015-02-26T21:42:53.1239Z', 1424986973123],
    ['2015-02-26T22:42:53+01:00', 1424986973000],
    ['2015-02-26T16:12:53-0530', 1424986973000],
    ['2015-02-26', 1424908800000],
    ['2015-02-26 21:42', 1424986920000],
    ['1424986973', 1424986973000],
    ['1424986973.001', 1424986973001],
    ['1424986973123', 1424986973123],
    ['1424986973123456', 1424986973123],
    ['1424986973123456789', 1424986973123],
    ['1.424986973e9', 1424986973000],
    ['4102444800', 4102444800000],
  ])('reads %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  test.each([
    '',
    'now',
    '2015-02-30',
    '2015-13-01',
    '2015-02-26T24:00:00Z',
    '2015-02-26T21:60:00Z',
    'NaN',
    'Inf',
    '0x10',
    '1 2',
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test('takes a given unit at its word', () => {
    expect(parseTimestamp('5', 'ms')).toBe(5);
    expect(parseTimestamp('5', 's')).toBe(5000);
    expect(parseTimestamp('5999', 'us')).toBe(5);
    expect(parseTimestamp('-1', 'ns')).toBe(-1);
  });

  test('reads every time that Date writes', () => {
    const years = { min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(years), (date) => {
        expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  test('keeps every millisecond of seconds with three places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
        expect(parseTimestamp((ms / 1000).toFixed(3), 's')).toBe(ms);
      }),
    );
  });
});

describe('parseNumber', () => {
  test('reads what JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        // String(-0) is "0".
        expect(parseNumber(String(value))).toBe(value + 0);
      }),
    );
  });

  test.each([
    ['.5', 0.5],
    ['5.', 5],
    ['+1e3', 1000],
    ['nan', Number.NaN],
    ['+Inf', Infinity],
    ['-INFINITY', -Infinity],
  ])('reads %s', (text, expected) => expect(parseNumber(text)).toBe(expected));

  test.each(['', ' 1', '1 ', '0x1f', '1,5', '1e', '--1', 'toString', '.', 'e5', '1_000'])(
    'refuses %j',
    (text) => {
      expect(parseNumber(text)).toBeUndefined();
    },
  );
});
