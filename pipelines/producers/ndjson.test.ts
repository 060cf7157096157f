import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gather, inPieces } from './gather.fixture.ts';
import { jsonFaultPlace } from './json-fault.ts';
import { type NdjsonOptions, parseNdjson } from './ndjson.ts';

const parse = (text: string, options: NdjsonOptions = {}) => gather(parseNdjson([text], options));

describe('parseNdjson', () => {
  test('reads the names that other tools use', async () => {
    const { points, faults, raw } = await parse(
      [
        '{"name":"a","labels":{"x":"y"},"timestamp":1424986973,"value":1,"kind":"COUNTER","unit":"By"}',
        '{"metric":"b","tags":{},"time":"2015-02-26T21:42:53Z","value":"NaN"}',
        '',
        ' {"__name__":"c","ts":1424986973123,"value":-1.5,"other":[{}]} ',
      ].join('\n'),
      { labels: { env: 'e', x: 'default' } },
    );
    expect(faults).toEqual([]);
    expect(points).toEqual([
      ['a', { env: 'e', x: 'y' }, 1424986973000, 1],
      ['b', { env: 'e', x: 'default' }, 1424986973000, Number.NaN],
      ['c', { env: 'e', x: 'default' }, 1424986973123, -1.5],
    ]);
    expect(raw[0]?.series).toMatchObject({ kind: 'COUNTER', unit: 'By' });
  });

  test('reports each kind of bad line with its place and goes on', async () => {
    const bad: readonly (readonly [string, number, string])[] = [
      ['{"name":"a" "value":1}', 13, 'the line is not JSON'],
      ['{"name":"a","value":01}', 22, 'the line is not JSON'],
      ['  [1]', 3, 'the line is not a JSON object'],
      ['{"timestamp":1,"value":1}', 1, 'name is missing'],
      ['{"timestamp":1,"name":5,"value":1}', 16, 'name is no text'],
      ['{"name":"a","value":1}', 1, 'timestamp is missing'],
      ['{"name":"a","value":1,"ts":"soon"}', 23, 'timestamp is no time'],
      ['{"name":"a","ts":1}', 1, 'value is missing'],
      ['{"name":"a","ts":1,"value":"many"}', 20, 'value is no number'],
      ['{"name":"a","ts":1,"value":true}', 20, 'value is no number'],
      ['{"name":"a","labels":[],"ts":1,"value":1}', 13, 'labels is no object'],
      ['{"name":"a","labels":{"x":1},"ts":1,"value":1}', 23, 'the label "x" is no text'],
      [
        '{"name":"a","kind":"SUM","ts":1,"value":1}',
        13,
        'kind is none of GAUGE, COUNTER, DELTA, BUCKET',
      ],
    ];
    const good = '{"name":"good","ts":1,"value":2}';
    const { points, faults } = await parse([...bad.flatMap(([line]) => [line, good])].join('\n'));
    expect(points.length).toBe(bad.length);
    expect(faults).toEqual(
      bad.map(([, column, reason], i) => ({ line: 2 * i + 1, column, reason })),
    );
  });

  test('skips and counts null values, and takes a default name', async () => {
    const { points, skipped } = await parse('{"ts":1,"value":null}\n{"ts":1,"value":3}', {
      name: 'm',
    });
    expect(skipped).toBe(1);
    expect(points).toEqual([['m', {}, 1000, 3]]);
  });

  test('a label called __proto__ is a label', async () => {
    const { raw } = await parse('{"name":"a","labels":{"__proto__":"x"},"ts":1,"value":3}');
    expect(Object.entries(raw[0]?.series.labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('what is written is read, in any cut', async () => {
    const row = fc.record({
      name: fc.string({ unit: 'binary' }),
      labels: fc.dictionary(fc.string(), fc.string()),
      timestamp: fc.integer({ min: 1e12, max: 2e12 }),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 50 }), async (rows, size) => {
        const text = rows.map((one) => JSON.stringify(one)).join('\n');
        const { points, faults } = await gather(parseNdjson(inPieces(text, size)));
        expect(faults).toEqual([]);
        // JSON has no negative zero, and lone surrogates do not survive UTF-8.
        const sent = rows.map((one) => JSON.parse(Buffer.from(JSON.stringify(one)).toString()));
        expect(points.map((point) => [point[0], { ...point[1] }, point[2], point[3]])).toEqual(
          sent.map((one) => [one.name, { ...one.labels }, one.timestamp, one.value]),
        );
      }),
    );
  });

  test('garbage never throws', async () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => text.slice(1)),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        const { points, faults } = await parse(`${text}\n{"name":"last","ts":1,"value":2}`);
        expect(points.at(-1)).toEqual(['last', {}, 1000, 2]);
        for (const fault of faults) expect(fault.column).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('jsonFaultPlace', () => {
  test('agrees with JSON.parse on what is sound, and points at the first wrong character else', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5 }),
        fc.nat(),
        fc.constantFrom('', 'x', '"', '}', ','),
        (sound, place, extra) => {
          expect(jsonFaultPlace(sound)).toBe(sound.length);
          const at = place % (sound.length + 1);
          const changed = sound.slice(0, at) + extra + sound.slice(at + 1);
          let parses = true;
          try {
            JSON.parse(changed);
          } catch {
            parses = false;
          }
          if (parses) expect(jsonFaultPlace(changed)).toBe(changed.length);
          else expect(jsonFaultPlace(changed)).toBeLessThanOrEqual(changed.length);
        },
      ),
    );
  });

  test.each([
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['nul', 0],
    ['{"a":"\u0001"}', 5],
    ['1 1', 2],
    ['', 0],
  ])('%j is wrong at %i', (text, place) => expect(jsonFaultPlace(text)).toBe(place));
});
