import { systemClock } from '../runtime/clock.ts';
import { runProgram } from './program.ts';

/** One Ctrl-C may arrive several times: from the terminal, from npm and from the bootstrap. */
const SAME_SIGNAL_MS = 1000;

const abort = new AbortController();
let askedMs: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const nowMs = systemClock.nowMs();
    askedMs ??= nowMs;
    abort.abort();
    // Asking again, later, does not wait for a stop that hangs.
    if (nowMs - askedMs > SAME_SIGNAL_MS) process.exit(130);
  });
}

// `vigie tail | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runProgram(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  cwd: process.cwd(),
  environment: process.env,
  signal: abort.signal,
});
