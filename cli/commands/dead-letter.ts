import type { Command } from 'commander';
import {
  type ConfigFlags,
  readConfig,
  wholeNumber,
  withConfig,
  withExamples,
  withFormat,
} from '../command-options.ts';
import type { DeadLetterFilter } from '../dead-letter-filter.ts';
import { CommandFailure, exitCode } from '../exit-code.ts';
import type { RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

interface ListFlags extends ConfigFlags, DeadLetterFilter {
  readonly lines: number;
  readonly count?: boolean;
  readonly output: RowFormat;
}

interface RedriveFlags extends ConfigFlags, DeadLetterFilter {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly output: RowFormat;
}

/** Adds `vigie dead-letter list | show | redrive`. */
export function addDeadLetter(program: Command, terminal: Terminal): void {
  const group = program
    .command('dead-letter')
    .description('look at the records that could not be processed, and send them again');
  addList(group, terminal);
  addShow(group, terminal);
  addRedrive(group, terminal);
}

function addList(group: Command, terminal: Terminal): void {
  const list = group
    .command('list', { isDefault: true })
    .description('list the last dead letters: what was wrong, where they came from')
    .option('-n, --lines <count>', 'how many of the last to list', wholeNumber(1), 20)
    .option('--count', 'count them all by code instead');
  withExamples(withFormat(withConfig(withFilter(list))), [
    ['vigie dead-letter list', 'the last twenty'],
    ['vigie dead-letter list --count', 'how many of each kind'],
    ['vigie dead-letter list --code VALUE_NOT_FINITE -o ndjson', 'one kind, for a script'],
  ]).action(async (flags: ListFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { listDeadLetters } = await import('../list-dead-letters.ts');
    await listDeadLetters(config, terminal, { ...flags, count: flags.count === true });
  });
}

function addShow(group: Command, terminal: Terminal): void {
  const show = group
    .command('show')
    .description('show one dead letter whole: headers, reason, remedy, bytes')
    .argument('<place>', 'partition/offset as `list` shows it')
    .option('--raw', 'write the original bytes to standard output, and nothing else');
  withExamples(withConfig(show), [
    ['vigie dead-letter show 2/17', 'everything known about it'],
    ['vigie dead-letter show 2/17 --raw > record.bin', 'its bytes as they came'],
  ]).action(async (place: string, flags: ConfigFlags & { readonly raw?: boolean }) => {
    const { options: config } = readConfig(terminal, flags);
    const { showDeadLetter } = await import('../show-dead-letter.ts');
    await showDeadLetter(config, terminal, { place, raw: flags.raw === true });
  });
}

function addRedrive(group: Command, terminal: Terminal): void {
  const redrive = withFilter(
    group
      .command('redrive')
      .description('send dead letters back to metrics.raw, once the cause is mended'),
  )
    .option('--all', 'all of them, without a filter')
    .option('--dry-run', 'count what would be sent, write nothing');
  withExamples(withFormat(withConfig(redrive)), [
    ['vigie dead-letter redrive --code TENANT_UNKNOWN --dry-run', 'see what would be sent'],
    ['vigie dead-letter redrive --code TENANT_UNKNOWN --tenant shop', 'the tenant is known now'],
    ['vigie dead-letter redrive --stage validate --from 2h', 'whatever was refused since then'],
  ])
    .addHelpText('after', REDRIVE_NOTE)
    .action(async (flags: RedriveFlags) => {
      const { code, stage, tenant, from, to, all } = flags;
      if ([code, stage, tenant, from, to, all].every((given) => given === undefined)) {
        const remedy = 'Say which by --code, --stage, --tenant, --from or --to, or say --all.';
        throw new CommandFailure('redrive: no dead letters are named', exitCode.usage, remedy);
      }
      const { options: config } = readConfig(terminal, flags);
      const { redriveDeadLetters } = await import('../redrive-dead-letters.ts');
      await redriveDeadLetters(config, terminal, { ...flags, dryRun: flags.dryRun === true });
    });
}

const REDRIVE_NOTE = `
Sending twice is harmless: a dead letter is taken in once. What is refused again is a new dead letter.
Points behind the newest of their series are dropped as POINT_OUT_OF_ORDER; old ones notify nobody.`;

function withFilter(command: Command): Command {
  return command
    .option('--code <code>', 'only those with this error code, repeatable', collect)
    .option('--stage <stage>', 'only those that this stage refused')
    .option('--tenant <name>', 'only those of this tenant, where it could be told')
    .option('--from <time>', 'only records written since then: 2026-11-24T09:00Z, or 2h ago')
    .option('--to <time>', 'only records written before then');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
