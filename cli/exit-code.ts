/** What the command tells the shell: done, failed, wrong usage or options, a check that found something. */
export const exitCode = { ok: 0, failure: 1, usage: 2, checkFailed: 3 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Ends a command with a message for people and an exit code; `remedy` says what to try. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string | undefined;

  constructor(message: string, code: ExitCode = exitCode.failure, remedy?: string) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = code;
    this.remedy = remedy;
  }
}
