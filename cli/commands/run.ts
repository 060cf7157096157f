import { type Command, InvalidArgumentError } from 'commander';
import { type ConfigFlags, readConfig, withConfig, withExamples } from '../command-options.ts';
import type { Terminal } from '../terminal.ts';

interface RunFlags extends ConfigFlags {
  readonly stages?: readonly string[];
  readonly untilIdle?: boolean;
}

/** Adds `vigie run`. */
export function addRun(program: Command, terminal: Terminal): void {
  const command = program
    .command('run')
    .description('run the stages on the configured transport until stopped')
    .option(
      '--stages <names>',
      'only these stages, by commas: validate,enrich,detect,correlate,route',
      names,
    )
    .option('--until-idle', 'end when everything that was written has gone through');
  withExamples(withConfig(command), [
    ['vigie run', 'all stages; log lines on standard error'],
    ['vigie run -c kafka.yaml --stages detect', 'a worker of one stage'],
    ['vigie produce cpu.csv && vigie run --until-idle', 'score a file, then end'],
  ]).action(async (flags: RunFlags) => {
    const { options: config } = readConfig(terminal, flags);
    const { runWorker } = await import('../run-worker.ts');
    await runWorker(config, terminal, {
      stages: flags.stages,
      untilIdle: flags.untilIdle === true,
    });
  });
}

function names(text: string): readonly string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new InvalidArgumentError('Expected names separated by commas.');
  return list;
}
