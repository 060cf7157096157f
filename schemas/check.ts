import type { AvroNamed, AvroSchema } from './avro-schema.ts';
import { compileSchema } from './avro-types.ts';
import type { SchemaFault } from './backward.ts';
import { backwardFaults } from './backward.ts';
import type { SchemaFiles } from './schema-files.ts';
import { isUnion, kebabCase, readSchemaFiles, selfContained } from './schema-files.ts';
import type { SchemaVersion } from './schema-versions.ts';
import { addSchemaVersion, readSchemaVersions, withoutDocs } from './schema-versions.ts';
import { recordsOfTopics } from './topics.ts';

/** A fault of a schema file. */
export interface FileFault extends SchemaFault {
  /** File name within `schemas/`. */
  readonly file: string;
}

/** What a check found: faults, and records whose schema differs from its newest committed version. */
export interface SchemaReport {
  readonly faults: readonly FileFault[];
  readonly changed: readonly string[];
}

/** What is checked against what. */
export interface SchemaCheck {
  readonly schemas: SchemaFiles;
  readonly versions: readonly SchemaVersion[];
  /** Records that stand on topics. */
  readonly records: readonly string[];
}

/**
 * Checks the working schemas: each must read every committed version of its record (BACKWARD), and keep the house rules.
 *
 * House rules: every field has a doc; an enum has UNKNOWN first and as default; a field that may be null has default
 * null. All faults are reported, not only the first.
 */
export function checkSchemas({ schemas, versions, records }: SchemaCheck): SchemaReport {
  const faults: FileFault[] = [];
  for (const [name, schema] of schemas) {
    for (const fault of houseFaults(schema, name)) faults.push({ file: fileOf(name), ...fault });
  }
  const changed: string[] = [];
  for (const name of new Set([...records, ...versions.map((version) => version.name)])) {
    const former = versions.filter((version) => version.name === name);
    if (!schemas.has(name) || !records.includes(name)) {
      faults.push({ file: fileOf(name), path: name, message: 'a committed record was removed' });
      continue;
    }
    const current = selfContained(name, schemas);
    faults.push(...versionFaults(current, former));
    const newest = former.at(-1)?.text;
    if (newest !== withoutDocs(JSON.stringify(current))) changed.push(name);
  }
  return { faults, changed };
}

function versionFaults(current: AvroNamed, former: readonly SchemaVersion[]): readonly FileFault[] {
  const faults: FileFault[] = [];
  for (const fault of compileFaults(current)) faults.push({ file: fileOf(current.name), ...fault });
  if (faults.length > 0) return faults;
  for (const { name, version, text } of former) {
    const found = backwardFaults(current, JSON.parse(text) as AvroNamed);
    const all = found.length > 0 ? found : resolverFaults(current, text);
    for (const { path, message } of all) {
      faults.push({ file: fileOf(name), path, message: `${message} (against version ${version})` });
    }
  }
  return faults;
}

function compileFaults(current: AvroNamed): readonly SchemaFault[] {
  try {
    compileSchema(JSON.stringify(current));
    return [];
  } catch (error) {
    return [thrown(current.name, error)];
  }
}

/** The resolver that reads in production has the last word over the rules above. */
function resolverFaults(current: AvroNamed, formerText: string): readonly SchemaFault[] {
  try {
    compileSchema(JSON.stringify(current)).createResolver(compileSchema(formerText));
    return [];
  } catch (error) {
    return [thrown(current.name, error)];
  }
}

function thrown(path: string, error: unknown): SchemaFault {
  return { path, message: error instanceof Error ? error.message : String(error) };
}

function houseFaults(schema: AvroSchema, path: string): readonly SchemaFault[] {
  if (typeof schema === 'string') return [];
  if (isUnion(schema)) return schema.flatMap((branch) => houseFaults(branch, path));
  switch (schema.type) {
    case 'array':
      return houseFaults(schema.items, `${path}[]`);
    case 'map':
      return houseFaults(schema.values, `${path}{}`);
    case 'enum':
      if (schema.symbols[0] === 'UNKNOWN' && schema.default === 'UNKNOWN') return [];
      return [{ path, message: 'an enum has UNKNOWN as first symbol and as default' }];
    case 'record':
      return schema.fields.flatMap((field) => {
        const at = `${path}.${field.name}`;
        const faults = [...houseFaults(field.type, at)];
        if (!field.doc) faults.push({ path: at, message: 'a field needs a doc' });
        if (isUnion(field.type) && field.default !== null) {
          faults.push({
            path: at,
            message: 'a field that may be null has null first and as default',
          });
        }
        return faults;
      });
    default:
      return [];
  }
}

function fileOf(name: string): string {
  return `${kebabCase(name)}.avsc`;
}

/** Writes one line per fault, as `schemas/alert.avsc: Alert.state: message`. */
export function reportLines(report: SchemaReport): readonly string[] {
  return report.faults.map(({ file, path, message }) => `schemas/${file}: ${path}: ${message}`);
}

function main(args: readonly string[]): number {
  const folder = new URL('./', import.meta.url);
  const schemas = readSchemaFiles(folder);
  const records = recordsOfTopics();
  const report = checkSchemas({ schemas, records, versions: readSchemaVersions(folder) });
  for (const line of reportLines(report)) process.stderr.write(`${line}\n`);
  if (report.faults.length > 0) return 1;
  if (!args.includes('--accept')) {
    for (const name of report.changed) {
      process.stderr.write(
        `schemas/${fileOf(name)}: ${name}: changed and not committed as a version\n`,
      );
    }
    if (report.changed.length > 0) process.stderr.write('Run `node schemas/check.ts --accept`.\n');
    return report.changed.length === 0 ? 0 : 1;
  }
  for (const name of report.changed) {
    const added = addSchemaVersion(folder, name, JSON.stringify(selfContained(name, schemas)));
    process.stdout.write(`${name}: version ${added.version} has id ${added.id}\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
