import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { emptyOptionDocument, OptionText, parseOptionDocument } from './option-document.ts';
import { OptionsInvalid, readOptions } from './options.ts';

const schema = z.strictObject({
  transport: z
    .strictObject({
      kind: z.enum(['embedded', 'kafka']).default('embedded'),
      maxBytes: z.number().int().min(1024).default(4096),
      password: z.string().min(8).optional(),
    })
    .prefault({}),
  detect: z
    .strictObject({
      hop: z.number().int().min(1).default(8),
      waitMs: z.number().min(5).default(10),
      minRel: z.number().max(1).default(0.2),
      models: z.array(z.enum(['forest', 'forecast'])).default(['forest']),
      shards: z
        .number()
        .refine((count) => Number.isInteger(Math.log2(count)), { error: 'must be a power of two' })
        .default(4),
      mode: z.union([z.number(), z.literal('auto')]).default('auto'),
    })
    .prefault({}),
  receivers: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('console') }),
        z.strictObject({
          kind: z.literal('file'),
          path: z.string(),
          maxBytes: z.number().default(1),
        }),
      ]),
    )
    .default([]),
  retentionMs: z.record(z.string(), z.number()).default({}),
});

function read(text: string, environment: Readonly<Record<string, string>> = {}) {
  return readOptions(schema, parseOptionDocument({ file: 'vigie.yaml', text, environment }));
}

function faultsOf(text: string, environment: Readonly<Record<string, string>> = {}): string[] {
  try {
    read(text, environment);
  } catch (error) {
    if (!(error instanceof OptionsInvalid)) throw error;
    return error.message.split('\n').slice(1);
  }
  return [];
}

describe('readOptions', () => {
  it('fills defaults in', () => {
    const { options, origins } = readOptions(schema, emptyOptionDocument());
    expect(options.detect.hop).toBe(8);
    expect(origins.size).toBe(0);
  });

  it('reads units by the name of the option', () => {
    const { options } = read(
      'transport: {maxBytes: 512KiB}\ndetect: {waitMs: 1h30m, minRel: 5%}\nretentionMs: {metrics.raw: 2h}',
    );
    expect(options.transport.maxBytes).toBe(524_288);
    expect(options.detect).toMatchObject({ waitMs: 5_400_000, minRel: 0.05 });
    expect(options.retentionMs).toEqual({ 'metrics.raw': 7_200_000 });
  });

  it('says where a value came from', () => {
    const { origins } = read('detect:\n  hop: 3\n');
    expect(origins.get('detect.hop')).toEqual({
      kind: 'file',
      file: 'vigie.yaml',
      line: 2,
      column: 8,
    });
  });

  it('points at a wrong value as promised', () => {
    expect(faultsOf('#\n#\n#\ndetect: { hop: abc }')).toEqual([
      'vigie.yaml:4:16 detect.hop: expected a number, received "abc"',
    ]);
  });

  it('reports every fault at once, in the order of the file', () => {
    const text = `transport:
  kind: kafak
  maxBytes: 12
detect: { hop: 1.5, waitMs: 1ms, minRel: 200%, models: [forrest], hopp: 3 }
receivers:
  - kind: file
    pth: x
  - kind: consol
transprot: 1
`;
    expect(faultsOf(text)).toEqual([
      'vigie.yaml:2:9 transport.kind: expected "embedded" or "kafka", received "kafak", did you mean "kafka"?',
      'vigie.yaml:3:13 transport.maxBytes: must be at least 1024 bytes, received 12',
      'vigie.yaml:4:16 detect.hop: expected a whole number, received 1.5',
      'vigie.yaml:4:29 detect.waitMs: must be at least 5 ms, received 1',
      'vigie.yaml:4:42 detect.minRel: must be at most 1, received 2',
      'vigie.yaml:4:57 detect.models[0]: expected "forest" or "forecast", received "forrest", did you mean "forest"?',
      'vigie.yaml:4:67 detect.hopp: unknown key, did you mean "hop"?',
      'vigie.yaml:6:5 receivers[0].path: is missing: expected text',
      'vigie.yaml:7:5 receivers[0].pth: unknown key, did you mean "path"?',
      'vigie.yaml:8:11 receivers[1].kind: expected "console" or "file", received "consol"',
      'vigie.yaml:9:1 transprot: unknown key, did you mean "transport"?',
    ]);
  });

  it('names the keys there are when nothing is near', () => {
    expect(faultsOf('transport: {zzz: 1}')).toEqual([
      'vigie.yaml:1:13 transport.zzz: unknown key; known here: kind, maxBytes, password',
    ]);
  });

  it('uses the words of the schema for its own rules', () => {
    expect(faultsOf('detect: {shards: 3}')).toEqual([
      'vigie.yaml:1:18 detect.shards: must be a power of two, received 3',
    ]);
  });

  it('offers every alternative of a plain union', () => {
    expect(faultsOf('detect: {mode: often}')).toEqual([
      'vigie.yaml:1:16 detect.mode: expected a number or "auto", received "often"',
    ]);
  });

  it('never shows a secret', () => {
    expect(faultsOf('transport: {password: hunter2}')).toEqual([
      'vigie.yaml:1:23 transport.password: must have at least 8 characters, received a value that is not shown',
    ]);
  });

  it('does not take a quoted number for one', () => {
    expect(faultsOf('detect: {hop: "8"}')).toEqual([
      'vigie.yaml:1:15 detect.hop: expected a number, received "8"',
    ]);
  });

  it('reports broken YAML and doubled keys with their place', () => {
    expect(faultsOf('detect: {hop: 1')[0]).toMatch(/^vigie\.yaml:1:16: not valid YAML: /);
    expect(faultsOf('detect: {}\ndetect: {}')).toEqual([
      'vigie.yaml:2:1: not valid YAML: Map keys must be unique',
    ]);
    expect(faultsOf('- a')).toEqual([
      'vigie.yaml:1:1: expected a mapping of sections at the top level',
    ]);
  });

  it('does not follow an alias for ever', () => {
    expect(faultsOf('detect: &a {models: [*a]}').join()).toContain('nested deeper than 64 levels');
  });
});

describe('variables', () => {
  const text = `transport: {password: "\${PASS}"}
detect: {hop: "\${HOP:-4}", waitMs: "\${WAIT:-1m}"}`;

  it('are read by the type of the option', () => {
    const { options } = read(text, { PASS: '12345678', HOP: '16' });
    expect(options.transport.password).toBe('12345678');
    expect(options.detect).toMatchObject({ hop: 16, waitMs: 60_000 });
  });

  it('must be set or have a default', () => {
    expect(faultsOf(text, {})).toEqual([
      'vigie.yaml:1:23 transport.password: the environment variable PASS is not set and no default is given (${PASS:-default})',
    ]);
  });

  it('can be written literally', () => {
    const { options } = read('transport: {password: "a$${b}cdefg"}');
    expect(options.transport.password).toBe('a${b}cdefg');
  });
});

describe('overlays', () => {
  const origin = { kind: 'environment', name: 'HOP' } as const;

  it('go over the file and keep their origin', () => {
    const document = parseOptionDocument({ file: 'f', text: 'detect: {hop: 3}', environment: {} });
    const overlay = { path: ['detect', 'hop'], value: new OptionText('9'), origin };
    const { options, origins } = readOptions(schema, document, [overlay]);
    expect(options.detect.hop).toBe(9);
    expect(origins.get('detect.hop')).toEqual(origin);
    expect(document.root).toEqual({ detect: { hop: 3 } });
  });

  it('are named in faults', () => {
    const overlay = { path: ['detect', 'hop'], value: new OptionText('x'), origin };
    expect(() => readOptions(schema, emptyOptionDocument(), [overlay])).toThrow(
      '$HOP detect.hop: expected a number, received "x"',
    );
  });

  it('split lists at commas', () => {
    const value = new OptionText('forest, forecast');
    const overlay = { path: ['detect', 'models'], value, origin };
    expect(readOptions(schema, emptyOptionDocument(), [overlay]).options.detect.models).toEqual([
      'forest',
      'forecast',
    ]);
  });
});
