import { type Command, InvalidArgumentError } from 'commander';
import { readDurationMs } from '../../runtime/options/quantity.ts';
import { type ConfigFlags, readConfig, withConfig, withExamples } from '../command-options.ts';
import { parseStressPlan } from '../stress-plan.ts';
import type { Terminal } from '../terminal.ts';

interface StartFlags extends ConfigFlags {
  readonly for?: number;
  readonly json?: boolean;
  readonly stress?: string;
  readonly reset?: boolean;
}

/** Adds `vigie start`, which is `npm start`. */
export function addStart(program: Command, terminal: Terminal): void {
  const command = program
    .command('start')
    .description('watch this machine: the whole pipeline on the embedded transport, live')
    .option('--for <time>', 'end by itself after this time, with a summary: 60s, 30m', duration)
    .option('--json', 'print the summary as one line of JSON, the last of standard output')
    .option(
      '--stress <load@time>',
      'load the machine for 20 s: cpu@60s, mem@60s or disk@60s after the start',
    )
    .option('--reset', 'remove the data of earlier runs first');
  withExamples(withConfig(command), [
    ['npm start', 'watch until Ctrl-C; a second start goes on warm'],
    ['npm start -- --for 60s', 'a minute, then a summary'],
    ['npm start -- --for 180s --stress cpu@120s --json', 'see a load found out, for a script'],
    ['npm start -- --reset', 'begin from cold'],
  ]).action(async (flags: StartFlags) => {
    const stress = flags.stress === undefined ? undefined : parseStressPlan(flags.stress);
    const { options: config } = readConfig(terminal, flags, ['transport.kind=embedded']);
    const { watchMachine } = await import('../watch-machine.ts');
    await watchMachine(config, terminal, {
      durationMs: flags.for,
      stress,
      json: flags.json === true,
      reset: flags.reset === true,
    });
  });
}

function duration(text: string): number {
  const ms = readDurationMs(text);
  if (ms === undefined || ms < 1000)
    throw new InvalidArgumentError('Expected a time such as 60s or 30m.');
  return ms;
}
