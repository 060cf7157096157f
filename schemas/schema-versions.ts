import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { kebabCase } from './schema-files.ts';

/** A committed version of a record schema; `text` is self-contained and has no docs. */
export interface SchemaVersion {
  readonly name: string;
  readonly version: number;
  readonly id: number;
  readonly text: string;
}

type IdsFile = Record<string, readonly { readonly version: number; readonly id: number }[]>;

/**
 * Reads every committed version from `ids.json` and `versions/`, by record name and then oldest first.
 *
 * @throws Error when a file that `ids.json` names is missing.
 */
export function readSchemaVersions(folder: URL): readonly SchemaVersion[] {
  return Object.entries(readIds(folder)).flatMap(([name, versions]) =>
    versions.map(({ version, id }) => {
      const text = readFileSync(versionFile(folder, name, version), 'utf8').trimEnd();
      return { name, version, id, text };
    }),
  );
}

/**
 * Commits a schema as the next version of its record, under an id that none had before.
 *
 * @param schemaJson self-contained; docs are left out, so that mending a text is no new version.
 */
export function addSchemaVersion(folder: URL, name: string, schemaJson: string): SchemaVersion {
  const ids = readIds(folder);
  const former = ids[name] ?? [];
  const version = 1 + Math.max(0, ...former.map((entry) => entry.version));
  const id = 1 + Math.max(0, ...Object.values(ids).flatMap((list) => list.map((e) => e.id)));
  const text = withoutDocs(schemaJson);
  mkdirSync(new URL('versions/', folder), { recursive: true });
  writeFileSync(versionFile(folder, name, version), `${text}\n`);
  const entries = Object.entries({ ...ids, [name]: [...former, { version, id }] });
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(
    new URL('ids.json', folder),
    `{\n${sorted.map(([key, list]) => `  ${JSON.stringify(key)}: ${idList(list)}`).join(',\n')}\n}\n`,
  );
  return { name, version, id, text };
}

/** Returns a schema text without its docs, for comparing. */
export function withoutDocs(schemaJson: string): string {
  const drop = (key: string, value: unknown) => (key === 'doc' ? undefined : value);
  return JSON.stringify(JSON.parse(schemaJson, drop));
}

function readIds(folder: URL): IdsFile {
  try {
    return JSON.parse(readFileSync(new URL('ids.json', folder), 'utf8')) as IdsFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function versionFile(folder: URL, name: string, version: number): URL {
  return new URL(`versions/${kebabCase(name)}.${version}.avsc`, folder);
}

function idList(list: IdsFile[string]): string {
  const entries = list.map(({ version, id }) => `{ "version": ${version}, "id": ${id} }`);
  return `[${entries.join(', ')}]`;
}
