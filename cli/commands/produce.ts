import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ConfigFlags, readConfig, withConfig, withExamples } from '../command-options.ts';
import { type PointFormat, pointFormats } from '../point-format.ts';
import type { Terminal } from '../terminal.ts';

interface ProduceFlags extends ConfigFlags {
  readonly format?: PointFormat;
  readonly tenant: string;
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly labelColumn?: readonly string[];
  readonly timeUnit: 'auto' | 's' | 'ms' | 'us' | 'ns';
  readonly delimiter?: string;
  readonly backfill?: boolean;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
}

/** Adds `vigie produce [file…]`. */
export function addProduce(program: Command, terminal: Terminal): void {
  const command = program
    .command('produce')
    .description('write points from files or standard input to metrics.raw')
    .argument(
      '[file...]',
      'CSV, JSON lines or line protocol, also .gz; none or - reads standard input',
    )
    .addOption(
      new Option('--format <format>', 'default: by the name of the file').choices(pointFormats),
    )
    .option('--tenant <name>', 'tenant that the points belong to', 'default')
    .option('--name <metric>', 'metric name where the text has none')
    .option('--label <name=value>', 'put a label on every series, repeatable', collectLabel)
    .option('--label-column <title>', 'CSV column that is a label, repeatable', collect)
    .addOption(
      new Option('--time-unit <unit>', 'unit of numeric timestamps; line protocol: ns unless said')
        .choices(['auto', 's', 'ms', 'us', 'ns'])
        .default('auto'),
    )
    .option('--delimiter <character>', 'CSV: default the first of , ; tab that the first line has')
    .option(
      '--backfill',
      'mark the points as past: scored and stored, nobody is told (default: when they are old)',
    )
    .option('--no-backfill', 'never mark them')
    .option('--dry-run', 'read and check everything, write nothing')
    .option('--strict', 'exit 3 when a line could not be read');
  withExamples(withConfig(command), [
    ['vigie produce cpu.csv --name cpu_load --label host=web-1', 'a CSV with timestamp,value'],
    ['vigie produce points.ndjson.gz --tenant shop', 'JSON lines: name, labels, timestamp, value'],
    ['telegraf --test | vigie produce - --format influx', 'line protocol from a pipe'],
    ['vigie produce *.csv --dry-run --strict', 'check files before they are written'],
  ]).action(async (files: readonly string[], flags: ProduceFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { producePoints } = await import('../produce-points.ts');
    await producePoints(config, terminal, {
      ...flags,
      files: files.length === 0 ? ['-'] : files,
      labels: flags.label ?? {},
      labelColumns: flags.labelColumn ?? [],
      dryRun: flags.dryRun === true,
      strict: flags.strict === true,
    });
  });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function collectLabel(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Expected name=value.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}
