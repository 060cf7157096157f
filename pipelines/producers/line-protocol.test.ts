import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gather, inPieces } from './gather.fixture.ts';
import { type LineProtocolOptions, parseLineProtocol } from './line-protocol.ts';

const parse = (text: string, options: LineProtocolOptions = {}) =>
  gather(parseLineProtocol([text], options));
const NS = '1424986973123456789';

describe('parseLineProtocol', () => {
  test('makes a point of every number and boolean, and names them after measurement and field', async () => {
    const text = `# comment\n\ncpu,host=h,core=0 usage=1.5,value=-2e3,n=-7i,u=18446744073709551615u,up=t,down=FALSE,s="x" ${NS}\n`;
    const { points, faults, skipped } = await parse(text, {
      labels: { host: 'default', env: 'e' },
    });
    expect(faults).toEqual([]);
    expect(skipped).toBe(1);
    const labels = { host: 'h', env: 'e', core: '0' };
    expect(points).toEqual([
      ['cpu_usage', labels, 1424986973123, 1.5],
      ['cpu', labels, 1424986973123, -2000],
      ['cpu_n', labels, 1424986973123, -7],
      ['cpu_u', labels, 1424986973123, 2 ** 64],
      ['cpu_up', labels, 1424986973123, 1],
      ['cpu_down', labels, 1424986973123, 0],
    ]);
  });

  test('undoes the escapes of measurements, tags, fields and text', async () => {
    const text = String.raw`my\,m\ x,t\=a\ g\,=v\=a\ l\,u\e field\=\ key=1,s="quote \" slash \\ , = # \n" 1`;
    const { points, faults } = await parse(text, { precision: 's' });
    expect(faults).toEqual([]);
    expect(points).toEqual([['my,m x_field= key', { 't=a g,': String.raw`v=a l,u\e` }, 1000, 1]]);
  });

  test('a text may hold line ends, and counts lines on', async () => {
    const { points, faults, skipped } = await parse('m s="one\ntwo",v=1 1\nm v=x 2\nm v=3 3', {
      precision: 'ms',
    });
    expect(points.map((point) => [point[0], point[2], point[3]])).toEqual([
      ['m_v', 1, 1],
      ['m_v', 3, 3],
    ]);
    expect(skipped).toBe(1);
    expect(faults).toEqual([
      { line: 3, column: 3, reason: 'the field "v" is no number, boolean or quoted text' },
    ]);
  });

  test.each([
    ['ns', '-1', -1],
    ['ns', '999999', 0],
    ['us', '1999', 1],
    ['ms', '7', 7],
    ['s', '7', 7000],
  ] as const)('reads %s timestamps', async (precision, digits, expected) => {
    const { points } = await parse(`m v=1 ${digits}`, { precision });
    expect(points[0]?.[2]).toBe(expected);
  });

  test('needs a timestamp unless it is given the time', async () => {
    const text = 'm v=1';
    expect((await parse(text)).faults).toEqual([
      { line: 1, column: 6, reason: 'the timestamp is missing' },
    ]);
    expect((await parse(text, { nowMs: () => 5 })).points).toEqual([['m_v', {}, 5, 1]]);
  });

  test.each([
    [',t=a v=1 1', 1, 'the measurement is missing'],
    ['m', 2, 'a field is missing'],
    ['m ', 3, 'the name of a field is missing'],
    ['m,t v=1 1', 4, 'the tag has no value'],
    ['m,t= v=1 1', 5, 'the tag has no value'],
    ['m,=a v=1 1', 3, 'the name of a tag is missing'],
    ['m,t=a=b v=1 1', 6, 'an = in a tag value must be escaped'],
    ['m,t=a,t=b v=1 1', 7, 'the tag "t" stands twice'],
    ['m v= 1', 5, 'the field "v" has no value'],
    ['m v 1', 4, 'the field "v" has no value'],
    ['m v=1x 1', 3, 'the field "v" is no number, boolean or quoted text'],
    ['m v=1.5i 1', 3, 'the field "v" is no number, boolean or quoted text'],
    ['m v=9223372036854775808i 1', 3, 'the field "v" is no number, boolean or quoted text'],
    ['m v=-1u 1', 3, 'the field "v" is no number, boolean or quoted text'],
    ['m v=NaN 1', 3, 'the field "v" is no number, boolean or quoted text'],
    ['m a=1,v=1 soon', 11, 'the timestamp is not a whole number'],
    ['m v=1 1.5', 7, 'the timestamp is not a whole number'],
    ['m v="a"b 1', 8, 'text follows a field'],
  ])('refuses %j whole', async (line, column, reason) => {
    const { points, faults } = await parse(`${line}\nm v=2 2`, { precision: 'ms' });
    expect(faults).toEqual([{ line: 1, column, reason }]);
    expect(points).toEqual([['m_v', {}, 2, 2]]);
  });

  test('a text that never ends costs its own line only', async () => {
    const { points, faults } = await parse(`m s="oops 1\n${'m v=1 1\n'.repeat(30)}`);
    expect(faults).toEqual([
      { line: 1, column: 5, reason: 'a quoted text begins in this line and does not end' },
    ]);
    expect(points.length).toBe(30);
  });

  test('what is written is read, in any cut', async () => {
    // InfluxDB has no escape for a backslash outside of text, so names here hold none.
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => !/[\\\s]|^#/.test(text))
      .map((text) => `${text}, =`);
    const escaped = (text: string) => text.replace(/[,= ]/g, '\\$&');
    const row = fc.record({
      name,
      field: name,
      tags: fc.dictionary(name, name, { maxKeys: 3 }),
      text: fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text)),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      ms: fc.integer({ min: 0, max: 2e12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 50 }), async (rows, size) => {
        const lines = rows.map((one) => {
          const tags = Object.entries(one.tags).map(
            ([key, value]) => `,${escaped(key)}=${escaped(value)}`,
          );
          const text = one.text.replace(/["\\]/g, '\\$&');
          return `${escaped(one.name)}${tags.join('')} t="${text}",${escaped(one.field)}=${one.value} ${one.ms}`;
        });
        const { points, faults } = await gather(
          parseLineProtocol(inPieces(lines.join('\n'), size), { precision: 'ms' }),
        );
        expect(faults).toEqual([]);
        expect(points.map((point) => [point[0], { ...point[1] }, point[2], point[3]])).toEqual(
          // String(-0) is "0".
          rows.map((one) => [`${one.name}_${one.field}`, { ...one.tags }, one.ms, one.value + 0]),
        );
      }),
    );
  });

  test('garbage never throws', async () => {
    const word = fc.constantFrom(
      'm',
      'v',
      '=',
      ',',
      ' ',
      '"',
      '\\',
      '\n',
      '1',
      'i',
      'u',
      't',
      '#',
      '-',
      '.',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        const { faults } = await parse(text);
        for (const fault of faults) {
          expect(fault.line).toBeLessThanOrEqual(text.split('\n').length);
          expect(fault.column).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});
