import type { Command } from 'commander';
import {
  type ConfigFlags,
  readConfig,
  wholeNumber,
  withConfig,
  withExamples,
  withFormat,
} from '../command-options.ts';
import type { RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

interface ListFlags extends ConfigFlags {
  readonly lines: number;
  readonly code?: string;
  readonly count?: boolean;
  readonly output: RowFormat;
}

/** Adds `vigie dead-letter list | show`. */
export function addDeadLetter(program: Command, terminal: Terminal): void {
  const group = program
    .command('dead-letter')
    .description('look at the records that could not be processed');
  const list = group
    .command('list', { isDefault: true })
    .description('list the last dead letters: what was wrong, where they came from')
    .option('-n, --lines <count>', 'how many of the last to list', wholeNumber(1), 20)
    .option('--code <code>', 'only those with this error code')
    .option('--count', 'count them all by code instead');
  withExamples(withFormat(withConfig(list)), [
    ['vigie dead-letter list', 'the last twenty'],
    ['vigie dead-letter list --count', 'how many of each kind'],
    ['vigie dead-letter list --code VALUE_NOT_FINITE -o ndjson', 'one kind, for a script'],
  ]).action(async (flags: ListFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { listDeadLetters } = await import('../list-dead-letters.ts');
    await listDeadLetters(config, terminal, { ...flags, count: flags.count === true });
  });
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
