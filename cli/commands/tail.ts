import { type Command, Option } from 'commander';
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

interface TailFlags extends ConfigFlags {
  readonly lines: number;
  readonly follow?: boolean;
  readonly from: 'end' | 'beginning';
  readonly partition?: number;
  readonly ticks?: boolean;
  readonly output: RowFormat;
}

/** Adds `vigie tail <topic>`. */
export function addTail(program: Command, terminal: Terminal): void {
  const command = program
    .command('tail')
    .description('print the last records of a topic, and with --follow what comes after')
    .argument('<topic>', 'topic, without prefix: anomalies, incidents, metrics.raw …')
    .option('-n, --lines <count>', 'records to begin with', wholeNumber(0), 10)
    .option('-f, --follow', 'go on until Ctrl-C')
    .addOption(
      new Option('--from <where>', 'where to begin').choices(['end', 'beginning']).default('end'),
    )
    .option('--ticks', 'also the ticks that only carry the progress of event time')
    .option('-p, --partition <number>', 'one partition only', wholeNumber(0));
  withExamples(withFormat(withConfig(command), ['table', 'ndjson']), [
    ['vigie tail anomalies', 'the last ten episodes'],
    [
      'vigie tail incidents -f -o ndjson',
      'every change of an incident as a line of JSON, for ever',
    ],
    ['vigie tail metrics.raw --from beginning -p 0', 'a whole partition'],
  ]).action(async (topic: string, flags: TailFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { tailTopic } = await import('../tail-topic.ts');
    await tailTopic(config, terminal, {
      ...flags,
      topic,
      follow: flags.follow === true,
      ticks: flags.ticks === true,
      json: flags.output === 'ndjson',
    });
  });
}
