import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from './config-json-schema.ts';
import { commandsReference } from './reference-commands.ts';
import { errorsReference } from './reference-errors.ts';
import { metricsReference } from './reference-metrics.ts';
import { optionsReference } from './reference-options.ts';

const folder = new URL('../docs/reference/', import.meta.url);

/** Every generated file of `docs/reference` and its text. */
export function referenceFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['options.md', optionsReference()],
    ['errors.md', errorsReference()],
    ['cli.md', commandsReference()],
    ['metrics.md', metricsReference()],
    ['vigie.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ]);
}

/** Names the generated files whose committed text is not what would be generated now. */
export function staleReferenceFiles(): readonly string[] {
  return [...referenceFiles()]
    .filter(([name, text]) => committed(name) !== text)
    .map(([name]) => name);
}

function committed(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, folder), 'utf8');
  } catch {
    return undefined;
  }
}

function main(args: readonly string[]): number {
  const stale = staleReferenceFiles();
  if (args.includes('--check')) {
    for (const name of stale) {
      process.stderr.write(
        `docs/reference/${name} is not up to date: run node cli/generate-reference.ts\n`,
      );
    }
    return stale.length === 0 ? 0 : 3;
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of referenceFiles()) writeFileSync(new URL(name, folder), text);
  process.stdout.write(
    stale.length === 0 ? 'docs/reference: up to date\n' : `written: ${stale.join(', ')}\n`,
  );
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
