import type { ExitCode } from './exit-code.ts';
import { runProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/** What a command line wrote and how it ended. */
export interface CommandOutcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, away from the real terminal. */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Partial<Pick<Terminal, 'cwd' | 'environment' | 'input' | 'signal'>> = {},
): Promise<CommandOutcome> {
  let out = '';
  let err = '';
  const code = await runProgram(args, {
    out: { write: (text) => (out += Buffer.from(text as string).toString()) },
    err: { write: (text) => (err += Buffer.from(text as string).toString()) },
    input: (async function* () {})(),
    cwd: '/',
    environment: {},
    signal: new AbortController().signal,
    ...surroundings,
  });
  return { code, out, err };
}
