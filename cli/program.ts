import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { errorCatalogue, PipelineError } from '../runtime/errors.ts';
import { formatOptionFault } from '../runtime/options/option-origin.ts';
import { OptionsInvalid } from '../runtime/options/options.ts';
import { addBacktest } from './commands/backtest.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDeadLetter } from './commands/dead-letter.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain } from './commands/explain.ts';
import { addFeedback } from './commands/feedback.ts';
import { addProduce } from './commands/produce.ts';
import { addRun } from './commands/run.ts';
import { addSchemas } from './commands/schemas.ts';
import { addStart } from './commands/start.ts';
import { addTail } from './commands/tail.ts';
import { addTopics } from './commands/topics.ts';
import { CommandFailure, type ExitCode, exitCode } from './exit-code.ts';
import { paintFor, type Terminal } from './terminal.ts';

/** Every command, in the order of the help. A new command is one file and one line here. */
const commands = [
  addStart,
  addRun,
  addProduce,
  addTail,
  addExplain,
  addFeedback,
  addBacktest,
  addDeadLetter,
  addTopics,
  addSchemas,
  addConfig,
  addDoctor,
  addCompletion,
] as const;

/** Builds the command tree; nothing heavy is loaded until a command runs. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('vigie')
    .description(
      'Watches metrics: validates, enriches, scores, correlates and routes points between topics.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true, helpWidth: terminal.out.columns ?? 100 })
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    })
    .addHelpText(
      'after',
      `
Exit codes:
  0  done
  1  failed
  2  wrong usage or configuration
  3  a check found something

Run \`vigie <command> --help\` for examples. Configuration: vigie.yaml, see docs/reference/options.md`,
    );
  for (const add of commands) add(program, terminal);
  return program;
}

/**
 * Runs a command line to its end and says how it went; never throws.
 *
 * Faults go to `terminal.err`, each with what to do about it where that is known.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await createProgram(terminal).parseAsync([...args], { from: 'user' });
    return exitCode.ok;
  } catch (error) {
    return reportFailure(error, terminal);
  }
}

function reportFailure(error: unknown, terminal: Terminal): ExitCode {
  const { err, environment } = terminal;
  const paint = paintFor(err, environment);
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  const say = (text: string, remedy?: string) => {
    err.write(`${paint('red', 'vigie:')} ${text}\n`);
    if (remedy !== undefined) err.write(`  ${paint('dim', remedy)}\n`);
  };
  if (error instanceof OptionsInvalid) {
    for (const fault of error.faults) err.write(`${formatOptionFault(fault)}\n`);
    const count = error.faults.length;
    say(`the configuration has ${count} ${count === 1 ? 'fault' : 'faults'}`);
    return exitCode.usage;
  }
  if (error instanceof CommandFailure) {
    say(error.message, error.remedy);
    return error.exitCode;
  }
  if (error instanceof PipelineError) {
    say(`${error.message} (${error.code})`, remedyOf(error));
    return error.code === 'OPTIONS_INVALID' ? exitCode.usage : exitCode.failure;
  }
  say(
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    'This is a defect of vigie: please report it.',
  );
  return exitCode.failure;
}

function remedyOf(error: PipelineError): string {
  if (error.code === 'LOG_IN_USE') {
    return 'One process at a time may hold an embedded log: stop the other one first, or use Kafka (transport.kind: kafka).';
  }
  return errorCatalogue[error.code].remedy;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
