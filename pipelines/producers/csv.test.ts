import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvOptions, parseCsv } from './csv.ts';
import { gather, inPieces } from './gather.fixture.ts';

const parse = (text: string, options: CsvOptions = {}) => gather(parseCsv([text], options));

describe('the timestamp,value form', () => {
  test('ignores other columns and their order', async () => {
    const { points, faults } = await parse(
      'label,Value,timestamp\n0,1.5,2015-02-26T21:42:53Z\n1,-2,1424986974\n',
    );
    expect(faults).toEqual([]);
    expect(points).toEqual([
      ['value', {}, 1424986973000, 1.5],
      ['value', {}, 1424986974000, -2],
    ]);
  });

  test('needs no titles', async () => {
    const { points } = await parse('1424986973,7\n1424986974,8', { name: 'm', labels: { a: 'b' } });
    expect(points).toEqual([
      ['m', { a: 'b' }, 1424986973000, 7],
      ['m', { a: 'b' }, 1424986974000, 8],
    ]);
  });

  test('reports bad lines with their place and goes on', async () => {
    const text = 'timestamp,value\n1,2\nyesterday,3\n4,five\n6\n7,8,9\n\n9,10\n';
    const { points, faults } = await parse(text);
    expect(points.map((point) => point[3])).toEqual([2, 10]);
    expect(faults).toEqual([
      { line: 3, column: 1, reason: 'expected a timestamp, found "yesterday"' },
      { line: 4, column: 3, reason: 'expected a number, found "five"' },
      { line: 5, column: 1, reason: 'the line has 1 cells, the first line 2' },
      { line: 6, column: 5, reason: 'the line has 3 cells, the first line 2' },
    ]);
  });

  test('skips and counts empty cells, and lets NaN through for VALIDATE to refuse', async () => {
    const { points, skipped } = await parse('ts;value\n1;\n2;NA\n3;NaN\n4;1e3\n');
    expect(skipped).toBe(2);
    expect(points.map((point) => point[3])).toEqual([Number.NaN, 1000]);
  });

  test('says what the first line lacks', async () => {
    const { faults, points } = await parse('when,value\n1,2\n');
    expect(points).toEqual([]);
    expect(faults.map((fault) => fault.line)).toEqual([1, 2]);
    expect(faults[0]?.reason).toContain('no column is called timestamp');
  });
});

describe('the long form', () => {
  test('takes labels from a column of pairs and from columns of their own', async () => {
    const text = [
      'timestamp,metric,value,labels,host',
      '1,cpu,2,"a=b,c=d",h1',
      '1,cpu,3,"{a=""x\\""y"",c=""""}",h2',
      '1,cpu,4,,',
      '1,,5,,h1',
      '1,cpu,6,a=b;a=c,h1',
    ].join('\n');
    const { points, faults } = await parse(text, {
      labelColumns: ['host'],
      labels: { host: 'default', env: 'e' },
    });
    expect(points).toEqual([
      ['cpu', { host: 'h1', env: 'e', a: 'b', c: 'd' }, 1000, 2],
      ['cpu', { host: 'h2', env: 'e', a: 'x"y', c: '' }, 1000, 3],
      ['cpu', { host: 'default', env: 'e' }, 1000, 4],
    ]);
    expect(faults).toEqual([
      { line: 5, column: 3, reason: 'the name of the metric is empty' },
      { line: 6, column: 9, reason: 'expected labels as a=b,c=d, found "a=b;a=c"' },
    ]);
  });

  test('refuses a label column that is not there', async () => {
    const { faults } = await parse('timestamp,metric,value\n1,a,2', { labelColumns: ['host'] });
    expect(faults[0]?.reason).toBe('no column is called host');
  });
});

describe('the wide form', () => {
  test('makes a series of every column and keeps its object', async () => {
    const groups = parseCsv(['time,cpu,"disk{device=""sda"",host=""h""}"\n1,2,3\n2,,x\n3,4,5\n']);
    const { points, faults, skipped, raw } = await gather(groups);
    const disk = { device: 'sda', host: 'h' };
    expect(points).toEqual([
      ['cpu', {}, 1000, 2],
      ['disk', disk, 1000, 3],
      ['cpu', {}, 3000, 4],
      ['disk', disk, 3000, 5],
    ]);
    expect(raw[3]?.series).toBe(raw[1]?.series);
    expect(faults).toEqual([{ line: 3, column: 4, reason: 'expected a number, found "x"' }]);
    expect(skipped).toBe(1);
  });
});

describe('quotes', () => {
  test('may hold line ends, and faults behind them name the right line', async () => {
    const { points, faults } = await parse(
      'timestamp,note,value\n1,"two\nlines",2\n3,"a\nb",x\n4,c,5\n',
    );
    expect(points.map((point) => point[3])).toEqual([2, 5]);
    expect(faults).toEqual([{ line: 5, column: 4, reason: 'expected a number, found "x"' }]);
  });

  test('a quote that never closes costs its own line only', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i + 2},"",${i}`);
    const { points, faults } = await parse(`timestamp,note,value\n1,"oops,2\n${rows.join('\n')}\n`);
    expect(faults).toEqual([
      { line: 2, column: 3, reason: 'a quoted text begins in this line and does not end' },
    ]);
    expect(points.length).toBe(40);
  });

  test('text behind a closing quote is a fault', async () => {
    const { faults } = await parse('timestamp,value\n1,"2"3\n');
    expect(faults).toEqual([{ line: 2, column: 6, reason: 'text follows a closing quote' }]);
  });
});

describe('any text', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.trim());
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

  test('what is written is read, in any cut', async () => {
    const row = fc.record({
      ms: fc.integer({ min: 1e12, max: 2e12 }),
      name: cell.filter((text) => text !== ''),
      label: cell,
      value: fc.double({ noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1 }),
        fc.integer({ min: 1, max: 50 }),
        async (rows, size) => {
          const lines = rows.map((one) =>
            [one.ms, quoted(one.name), quoted(one.label), one.value].join(','),
          );
          const text = ['timestamp,metric,l,value', ...lines].join('\n');
          const { points, faults } = await gather(
            parseCsv(inPieces(text, size), { labelColumns: ['l'] }),
          );
          expect(faults).toEqual([]);
          expect(points).toEqual(
            // String(-0) is "0".
            rows.map((one) => [
              one.name,
              one.label === '' ? {} : { l: one.label },
              one.ms,
              one.value + 0,
            ]),
          );
        },
      ),
    );
  });

  test('garbage never throws, and every line is a point, a fault or a skip', async () => {
    const word = fc.constantFrom(
      '1',
      '2.5',
      ',',
      '"',
      '\n',
      '""',
      'x',
      '{',
      'timestamp',
      'value',
      'metric',
      'labels',
      ';',
      '=',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((words) => words.join('')),
    );
    await fc.assert(
      fc.asyncProperty(garbage, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const { faults } = await gather(parseCsv(inPieces(text, size)));
        const lines = text.split('\n').length;
        for (const fault of faults) {
          expect(fault.line).toBeGreaterThanOrEqual(1);
          expect(fault.line).toBeLessThanOrEqual(lines);
          expect(fault.column).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});
