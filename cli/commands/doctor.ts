import type { Command } from 'commander';
import { type ConfigFlags, withConfig, withExamples, withFormat } from '../command-options.ts';
import type { RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `vigie doctor`. */
export function addDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('check this machine, the configuration and what it connects to');
  withExamples(withFormat(withConfig(command)), [
    ['vigie doctor', 'exit 3 when something would keep vigie from running'],
    ['vigie doctor -c kafka.yaml', 'are the brokers and the registry there?'],
  ]).action(async (flags: ConfigFlags & { readonly output: RowFormat }) => {
    const { examine } = await import('../examine.ts');
    await examine(terminal, flags, flags.output);
  });
}
