import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../pipelines/config.ts';
import { type RowFormat, rowFormats } from './print-rows.ts';
import type { Terminal } from './terminal.ts';

/** Options of every command that reads the configuration. */
export interface ConfigFlags {
  readonly config?: string;
  readonly set?: readonly string[];
}

/** Adds `--config` and `--set` to a command. */
export function withConfig(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: vigie.yaml if there is one)')
    .option(
      '--set <key=value>',
      'set one option over the file, repeatable: --set detect.hop=8',
      collect,
    );
}

/** Adds `-o, --output` to a command that prints rows. */
export function withFormat(command: Command, formats: readonly RowFormat[] = rowFormats): Command {
  const option = new Option('-o, --output <format>', 'how to print')
    .choices(formats)
    .default('table');
  return command.addOption(option);
}

/** Adds examples to a command’s help: the command line, then what it does. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [string, string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Reads the configuration as a command’s flags say. @throws OptionsInvalid with every fault. */
export function readConfig(
  terminal: Terminal,
  flags: ConfigFlags,
  set: readonly string[] = [],
): LoadedConfig {
  const { cwd, environment } = terminal;
  return loadConfig({ file: flags.config, cwd, environment, set: [...(flags.set ?? []), ...set] });
}

/** Reads a whole number of at least `least` from an argument. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
