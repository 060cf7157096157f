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

interface ExplainFlags extends ConfigFlags {
  readonly svg?: string;
  readonly history: boolean;
  readonly output: RowFormat;
}

/** Adds `vigie explain <anomaly id>`. */
export function addExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .description(
      'say why an anomaly was opened: course, expected band, models, features, what is like it',
    )
    .argument('<id>', 'id of the anomaly, or its first digits')
    .option('--svg <file>', 'also draw it in a file')
    .option('--no-history', 'only what stands on the anomaly; its series is not read');
  withExamples(withFormat(withConfig(command), ['table', 'json']), [
    ['vigie explain 3fa2', 'the episode whose id begins with 3fa2'],
    ['vigie explain 3fa2 --svg why.svg', 'and a drawing to pass on'],
    ['vigie explain 3fa2 -o json', 'its record as it stands on the topic, and what is like it'],
  ]).action(async (id: string, flags: ExplainFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { explainAnomaly } = await import('../explain-anomaly.ts');
    const { svg, history, output } = flags;
    await explainAnomaly(config, terminal, { id, json: output === 'json', history, svg });
  });
}
