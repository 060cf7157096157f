import type { Command } from 'commander';
import {
  type ConfigFlags,
  readConfig,
  withConfig,
  withExamples,
  withFormat,
} from '../command-options.ts';
import { type EffectiveOption, effectiveOptions, optionText } from '../effective-options.ts';
import { printRows, type RowColumn, type RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `vigie config check | print | schema`. */
export function addConfig(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('check and show the configuration');
  const check = config
    .command('check')
    .description('read the configuration and list every fault of it');
  withExamples(withConfig(check), [
    ['vigie config check', 'exit 2 and one line per fault, with line and column'],
    ['vigie config check -c prod.yaml', 'check another file'],
  ]).action((flags: ConfigFlags) => {
    const { file } = readConfig(terminal, flags);
    terminal.out.write(`${file ?? 'no file: the defaults'}: ok\n`);
  });
  const print = config
    .command('print')
    .description('print each option, its value and where that comes from');
  print.option('--effective', 'also the options that have their default');
  withExamples(withFormat(withConfig(print)), [
    ['vigie config print', 'what is set, and where'],
    ['vigie config print --effective', 'every option; secrets are not shown'],
  ]).action((flags: ConfigFlags & { readonly effective?: boolean; readonly output: RowFormat }) => {
    const rows = effectiveOptions(readConfig(terminal, flags));
    const shown = flags.effective === true ? rows : rows.filter((row) => row.origin !== 'default');
    printRows(terminal, flags.output, columns, shown);
  });
  config
    .command('schema')
    .description('print the JSON Schema of vigie.yaml, for editors')
    .action(async () => {
      const { configJsonSchema } = await import('../config-json-schema.ts');
      terminal.out.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    });
}

const columns: readonly RowColumn<EffectiveOption>[] = [
  { title: 'OPTION', text: (row) => row.option },
  {
    title: 'FROM',
    text: (row) => row.origin,
    style: (row, paint, cell) => (row.origin === 'default' ? paint('dim', cell) : cell),
  },
  { title: 'VALUE', text: optionText },
];
