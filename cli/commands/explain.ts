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

/** Adds `vigie explain <anomaly id>`. */
export function addExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .description('say why an anomaly was opened: value, expected band, models, features')
    .argument('<id>', 'id of the anomaly, or its first digits');
  withExamples(withFormat(withConfig(command), ['table', 'json']), [
    ['vigie explain 3fa2', 'the episode whose id begins with 3fa2'],
    ['vigie explain 3fa2 -o json', 'its record as it stands on the topic'],
  ]).action(async (id: string, flags: ConfigFlags & { readonly output: RowFormat }) => {
    const { options: config } = readConfig(terminal, flags);
    const { explainAnomaly } = await import('../explain-anomaly.ts');
    await explainAnomaly(config, terminal, { id, json: flags.output === 'json' });
  });
}
