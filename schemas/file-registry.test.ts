import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Codec } from './codec.ts';
import { FileRegistry } from './file-registry.ts';
import type { RecordName } from './generated/record-types.ts';
import { schemaTexts } from './generated/schema-texts.ts';
import { registerRecords } from './registry.ts';
import { addSchemaVersion, readSchemaVersions } from './schema-versions.ts';

let path: string;
let folder: URL;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'schemas-'));
  folder = pathToFileURL(`${path}/`);
});
afterEach(() => rmSync(path, { recursive: true }));

/** The schema of Tick as it would have been before `watermarkMs` was a long. */
const formerTick = schemaTexts.Tick.replace('"type":"long"', '"type":"int"');

test('the committed ids cover every record, each once', async () => {
  const ids = Object.values(await registerRecords(new FileRegistry()));
  expect(ids).toHaveLength(Object.keys(schemaTexts).length);
  expect(new Set(ids).size).toBe(ids.length);
});

test('keeps ids and texts of former versions, so that old records stay readable', async () => {
  const former = addSchemaVersion(folder, 'Tick', formerTick);
  addSchemaVersion(folder, 'Event', schemaTexts.Event);
  const current = addSchemaVersion(folder, 'Tick', schemaTexts.Tick);
  expect([former, current].map(({ version, id }) => [version, id])).toEqual([
    [1, 1],
    [2, 3],
  ]);
  const registry = new FileRegistry(folder);
  expect(await registry.register('Tick', schemaTexts.Tick)).toBe(3);

  const own = new FileRegistry();
  const codec = new Codec(await registerRecords(own));
  const text = await registry.fetch(former.id);
  codec.learn(500, text ?? '');
  const framed = Buffer.from([0, 0, 0, 1, 244, 2, 14, 0]);
  expect(codec.decode(framed, ['Tick'])).toMatchObject({
    schemaId: 500,
    value: { sourcePartition: 1, watermarkMs: 7 },
  });
});

test('takes a schema that differs in docs only as the same', async () => {
  addSchemaVersion(folder, 'Tick', schemaTexts.Tick);
  const reworded = schemaTexts.Tick.replace(/"doc":"/g, '"doc":"Indeed: ');
  expect(await new FileRegistry(folder).register('Tick', reworded)).toBe(1);
});

test('refuses a schema without a committed version', async () => {
  addSchemaVersion(folder, 'Tick', formerTick);
  addSchemaVersion(folder, 'Event', schemaTexts.Tick);
  await expect(new FileRegistry(folder).register('Tick', schemaTexts.Tick)).rejects.toMatchObject({
    code: 'SCHEMA_UNREGISTERED',
    fate: 'stop',
    detail: 'Tick',
  });
});

test('knows nothing of other ids', async () => {
  expect(await new FileRegistry(folder).fetch(1)).toBeUndefined();
});

test('every committed version is readable by the schemas of this commit', async () => {
  const codec = new Codec(await registerRecords(new FileRegistry()));
  for (const { name, id, text } of readSchemaVersions(new URL('./', import.meta.url))) {
    codec.learn(id, text);
    const decode = () => codec.decode(Buffer.from([0, 0, 0, 0, id]), [name as RecordName]);
    expect(decode).toThrow(expect.objectContaining({ code: 'RECORD_TRUNCATED' }));
  }
});
