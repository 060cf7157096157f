import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AvroNamed } from '../schemas/avro-schema.ts';
import { backwardFaults } from '../schemas/backward.ts';
import { checkSchemas, reportLines } from '../schemas/check.ts';
import type { RecordName } from '../schemas/generated/record-types.ts';
import { schemaTexts } from '../schemas/generated/schema-texts.ts';
import { readSchemaFiles } from '../schemas/schema-files.ts';
import { readSchemaVersions } from '../schemas/schema-versions.ts';
import { recordsOfTopics, topics } from '../schemas/topics.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import type { Terminal } from './terminal.ts';

const folder = new URL('../schemas/', import.meta.url);

interface SchemaRow {
  readonly record: string;
  readonly versions: number;
  readonly id: number | null;
  readonly topics: readonly string[];
}

const columns: readonly RowColumn<SchemaRow>[] = [
  { title: 'RECORD', text: (row) => row.record },
  { title: 'VERSIONS', align: 'right', text: (row) => String(row.versions) },
  { title: 'FILE ID', align: 'right', text: (row) => (row.id === null ? 'none' : String(row.id)) },
  { title: 'TOPICS', text: (row) => row.topics.join(', ') },
];

/** Prints every record that stands on a topic, its committed versions and the id of the newest. */
export function listSchemas(terminal: Terminal, format: RowFormat): void {
  const versions = readSchemaVersions(folder);
  const rows = recordsOfTopics().map((record) => {
    const own = versions.filter(({ name }) => name === record);
    const on = topics.filter((topic: { readonly records: readonly string[] }) =>
      topic.records.includes(record),
    );
    return {
      record,
      versions: own.length,
      id: own.at(-1)?.id ?? null,
      topics: on.map(({ name }) => name),
    };
  });
  printRows(terminal, format, columns, rows);
}

/** Checks the schemas of this checkout. @throws CommandFailure (exit 3) when one is at fault. */
export function checkOwnSchemas(terminal: Terminal): void {
  const schemas = readSchemaFiles(folder);
  const records = recordsOfTopics();
  const report = checkSchemas({ schemas, records, versions: readSchemaVersions(folder) });
  for (const line of reportLines(report)) terminal.out.write(`${line}\n`);
  for (const name of report.changed)
    terminal.out.write(`${name}: changed and not committed as a version\n`);
  const count = report.faults.length + report.changed.length;
  if (count > 0) {
    throw new CommandFailure(
      `${count} faults in the schemas`,
      exitCode.checkFailed,
      'A change that is meant: node schemas/check.ts --accept',
    );
  }
  terminal.out.write(`${schemas.size} schemas: ok\n`);
}

/** Checks that what a producer writes by a schema can be read here. @throws CommandFailure (exit 3) when not. */
export function checkProducerSchema(terminal: Terminal, file: string): void {
  const writer = readAvro(path.resolve(terminal.cwd, file), file);
  const record = writer.name.slice(writer.name.lastIndexOf('.') + 1);
  if (!Object.hasOwn(schemaTexts, record)) {
    throw new CommandFailure(
      `${file}: no topic takes a record named ${writer.name}`,
      exitCode.checkFailed,
    );
  }
  const faults = backwardFaults(JSON.parse(schemaTexts[record as RecordName]) as AvroNamed, writer);
  for (const { path: at, message } of faults) terminal.out.write(`${file}: ${at}: ${message}\n`);
  if (faults.length > 0)
    throw new CommandFailure(
      `${file}: ${record} cannot be read by this version`,
      exitCode.checkFailed,
    );
  terminal.out.write(`${file}: ${record}: ok\n`);
}

function readAvro(absolute: string, file: string): AvroNamed {
  try {
    const schema = JSON.parse(readFileSync(absolute, 'utf8')) as AvroNamed;
    if (schema.type === 'record' && typeof schema.name === 'string') return schema;
  } catch (cause) {
    throw new CommandFailure(
      `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      exitCode.usage,
    );
  }
  throw new CommandFailure(`${file}: expected the schema of a record`, exitCode.usage);
}
