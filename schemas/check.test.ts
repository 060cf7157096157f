import { describe, expect, test } from 'vitest';
import type { AvroNamed, AvroSchema } from './avro-schema.ts';
import { checkSchemas, reportLines } from './check.ts';
import { readSchemaFiles } from './schema-files.ts';
import { readSchemaVersions, withoutDocs } from './schema-versions.ts';
import { recordsOfTopics } from './topics.ts';

const folder = new URL('./', import.meta.url);

test('the schemas of this commit have no fault and are all committed as versions', () => {
  const report = checkSchemas({
    schemas: readSchemaFiles(folder),
    versions: readSchemaVersions(folder),
    records: recordsOfTopics(),
  });
  expect(reportLines(report)).toEqual([]);
  expect(report.changed).toEqual([]);
});

interface Planted {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
  readonly doc?: string;
}

const color: AvroNamed = {
  type: 'enum',
  name: 'Color',
  symbols: ['UNKNOWN', 'RED'],
  default: 'UNKNOWN',
};

function thing(...fields: readonly Planted[]): AvroNamed {
  return {
    type: 'record',
    name: 'Thing',
    namespace: 'io.vigie',
    fields: fields.map((field) => ({ doc: 'A field.', ...field })),
  };
}

/** Checks a new schema of `Thing` against one committed version. */
function faultsOf(working: AvroNamed, committed: AvroNamed): readonly string[] {
  const text = withoutDocs(JSON.stringify(committed));
  const report = checkSchemas({
    schemas: new Map([['Thing', working]]),
    versions: [{ name: 'Thing', version: 1, id: 1, text }],
    records: ['Thing'],
  });
  return reportLines(report);
}

const a: Planted = { name: 'a', type: 'int' };
const b: Planted = { name: 'b', type: 'string' };

describe('BACKWARD allows', () => {
  test.each<[string, AvroNamed, AvroNamed]>([
    ['nothing to change', thing(a, b), thing(a, b)],
    ['a field to leave', thing(a), thing(a, b)],
    ['a field with a default to come', thing(a, { ...b, default: '' }), thing(a)],
    ['an int to become long', thing({ ...a, type: 'long' }), thing(a)],
    [
      'a symbol to come',
      thing({ name: 'c', type: { ...color, symbols: ['UNKNOWN', 'RED', 'BLUE'] } }),
      thing({ name: 'c', type: color }),
    ],
    [
      'a value to become nullable',
      thing({ name: 'a', type: ['null', 'int'], default: null }),
      thing(a),
    ],
    ['fields to change places', thing(b, a), thing(a, b)],
  ])('%s', (_name, working, committed) => {
    expect(faultsOf(working, committed)).toEqual([]);
  });
});

describe('BACKWARD refuses', () => {
  const nested = (type: AvroSchema): Planted => ({
    name: 'list',
    type: {
      type: 'array',
      items: { type: 'record', name: 'Part', fields: [{ name: 'x', type, doc: 'X.' }] },
    },
  });
  test.each<[string, AvroNamed, AvroNamed, string]>([
    ['a new field without default', thing(a, b), thing(a), 'Thing.b: a new field needs a default'],
    [
      'a symbol that leaves',
      thing({ name: 'c', type: { ...color, symbols: ['UNKNOWN'] } }),
      thing({ name: 'c', type: color }),
      'Thing.c: symbol RED was removed',
    ],
    [
      'a narrower number',
      thing(a),
      thing({ ...a, type: 'long' }),
      'Thing.a: long cannot be read as int',
    ],
    [
      'another type',
      thing({ ...a, type: 'string' }),
      thing(a),
      'Thing.a: int cannot be read as string',
    ],
    [
      'a null that may no longer be',
      thing(a),
      thing({ name: 'a', type: ['null', 'int'], default: null }),
      'Thing.a: null cannot be read as int',
    ],
    [
      'a branch that leaves',
      thing({ name: 'a', type: ['null', 'int'], default: null }),
      thing({ name: 'a', type: ['null', 'string'], default: null }),
      'Thing.a: string can no longer be read',
    ],
    [
      'another size',
      thing({ name: 'i', type: { type: 'fixed', name: 'I', size: 16 } }),
      thing({ name: 'i', type: { type: 'fixed', name: 'I', size: 8 } }),
      'Thing.i: size was 8, now is 16',
    ],
    [
      'a change deep inside',
      thing(nested('int')),
      thing(nested('double')),
      'Thing.list[].x: double cannot be read as int',
    ],
    [
      'other map values',
      thing({ name: 'm', type: { type: 'map', values: 'int' } }),
      thing({ name: 'm', type: { type: 'map', values: 'double' } }),
      'Thing.m{}: double cannot be read as int',
    ],
    [
      'a renamed part',
      thing({ name: 'c', type: { ...color, name: 'Hue' } }),
      thing({ name: 'c', type: color }),
      'Thing.c: enum Color cannot be read as enum Hue',
    ],
  ])('%s', (_name, working, committed, line) => {
    expect(faultsOf(working, committed)).toEqual([
      `schemas/thing.avsc: ${line} (against version 1)`,
    ]);
  });

  test('and names every fault, against every version', () => {
    const text = (schema: AvroNamed) => withoutDocs(JSON.stringify(schema));
    const report = checkSchemas({
      schemas: new Map([['Thing', thing({ ...a, type: 'string' }, b)]]),
      versions: [
        { name: 'Thing', version: 1, id: 1, text: text(thing(a)) },
        { name: 'Thing', version: 2, id: 2, text: text(thing(a, { ...b, default: '' })) },
      ],
      records: ['Thing'],
    });
    expect(reportLines(report)).toEqual([
      'schemas/thing.avsc: Thing.a: int cannot be read as string (against version 1)',
      'schemas/thing.avsc: Thing.b: a new field needs a default (against version 1)',
      'schemas/thing.avsc: Thing.a: int cannot be read as string (against version 2)',
    ]);
    expect(report.changed).toEqual(['Thing']);
  });

  test('a record that was committed and is gone', () => {
    const version = {
      name: 'Thing',
      version: 1,
      id: 1,
      text: withoutDocs(JSON.stringify(thing(a))),
    };
    const report = checkSchemas({ schemas: new Map(), versions: [version], records: [] });
    expect(reportLines(report)).toEqual([
      'schemas/thing.avsc: Thing: a committed record was removed',
    ]);
  });
});

test('what the rules let through and the resolver does not is a fault too', () => {
  expect(faultsOf(thing(a), { ...thing(a), namespace: 'com.other' })).toEqual([
    'schemas/thing.avsc: Thing: no alias found for com.other.Thing (against version 1)',
  ]);
});

test('a default that is no value of its type is a fault', () => {
  expect(faultsOf(thing(a, { ...b, default: 5 }), thing(a))).toEqual([
    expect.stringMatching(/^schemas\/thing\.avsc: Thing: incompatible field default 5/),
  ]);
});

test('a new record that is no Avro is a fault', () => {
  const schemas = new Map([['Thing', thing({ ...a, name: 'no-name' })]]);
  const report = checkSchemas({ schemas, versions: [], records: ['Thing'] });
  expect(reportLines(report)).toEqual(['schemas/thing.avsc: Thing: invalid field name: no-name']);
});

test.each<[string, Planted, string]>([
  ['a field without doc', { ...a, doc: '' }, 'Thing.a: a field needs a doc'],
  [
    'an enum without UNKNOWN first',
    { name: 'c', type: { ...color, symbols: ['RED', 'UNKNOWN'] } },
    'Thing.c: an enum has UNKNOWN as first symbol and as default',
  ],
  [
    'a nullable field without default',
    { name: 'n', type: ['null', 'int'] },
    'Thing.n: a field that may be null has null first and as default',
  ],
])('the house refuses %s', (_name, field, line) => {
  const schema = thing(field);
  expect(faultsOf(schema, schema)).toEqual([`schemas/thing.avsc: ${line}`]);
});

test('mending a doc is no new version', () => {
  const report = checkSchemas({
    schemas: new Map([['Thing', thing({ ...a, doc: 'Better words.' })]]),
    versions: [{ name: 'Thing', version: 1, id: 1, text: withoutDocs(JSON.stringify(thing(a))) }],
    records: ['Thing'],
  });
  expect(report).toEqual({ faults: [], changed: [] });
});
