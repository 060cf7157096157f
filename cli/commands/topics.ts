import type { Command } from 'commander';
import {
  type ConfigFlags,
  readConfig,
  withConfig,
  withExamples,
  withFormat,
} from '../command-options.ts';
import type { RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `vigie topics list | apply`. */
export function addTopics(program: Command, terminal: Terminal): void {
  const topics = program.command('topics').description('show and create the topics');
  const list = topics
    .command('list', { isDefault: true })
    .description('list every topic: records in it, retention, record types');
  withExamples(withFormat(withConfig(list)), [
    ['vigie topics list', 'what is there, and how long it stays'],
    ['vigie topics list -o json', 'for a script'],
  ]).action(async (flags: ConfigFlags & { readonly output: RowFormat }) => {
    const { options: config } = readConfig(terminal, flags);
    const { listTopics } = await import('../list-topics.ts');
    await listTopics(config, terminal, flags.output);
  });
  const apply = topics.command('apply').description('create the topics that are missing');
  withExamples(withConfig(apply), [
    ['vigie topics apply -c prod.yaml', 'before the first worker starts'],
  ]).action(async (flags: ConfigFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { applyTopics } = await import('../list-topics.ts');
    await applyTopics(config, terminal);
  });
}
