import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// `npm test [-- vitest options]`: every project of vitest.config.ts but the crash suites, closing with the line `N passed, N failed`.

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const report =
  process.env.VIGIE_TEST_REPORT ?? join(mkdtempSync(join(tmpdir(), 'vigie-test-')), 'report.json');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
// The crash suites take many minutes; `npm run test:crash` and `test:crash-planted` run them.
const args = [vitest, 'run', '--project=!crash*', ...reporters, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
child.on('exit', (code) => {
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = readReport();
  // A file that cannot be loaded has no tests to fail: it counts as one failure all the same.
  const failed = numFailedTests > 0 ? numFailedTests : numFailedTestSuites;
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
  process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
  process.exit(failed > 0 ? 1 : (code ?? 1));
});

function readReport(): VitestReport {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numFailedTestSuites: 1, numPendingTests: 0 };
  }
}
