import { runProgram } from './program.ts';

const abort = new AbortController();
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    asked += 1;
    abort.abort();
    // A second Ctrl-C does not wait for a stop that hangs.
    if (asked > 1) process.exit(130);
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
