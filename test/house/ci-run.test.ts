import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withPlantedTree } from './planted-tree.ts';

/** What the stand-in for `npm test` leaves behind, and how each static check ends. */
interface Scene {
  /** Content of the report of the test runner; undefined leaves it empty. */
  readonly report?: unknown;
  readonly npmStatus?: number;
  /** Files whose stand-in fails. */
  readonly failing?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly argument?: string;
}

const CHECKS = ['biome', 'tsc', 'knip'];
const SCRIPTS = [
  'test/house/check-dependencies.ts',
  'schemas/generate.ts',
  'cli/generate-reference.ts',
];
const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

/** Runs `.ci/run` among stand-ins for everything that it calls. */
function ciRun({ report, npmStatus = 0, failing = [], environment, argument }: Scene) {
  const exit = (name: string) => (failing.includes(name) ? 1 : 0);
  const npm = `case $1 in
test) printf '%s' "$REPORT" > "$VIGIE_TEST_REPORT"; echo '99 passed, 99 failed'; exit ${npmStatus};;
esac`;
  const stand = (body: string) => `#!/usr/bin/env bash\n${body}\n`;
  const files = {
    'stand-in/npm': stand(npm),
    'cli/bootstrap.mjs': `process.exit(${exit('npm install')});\n`,
    ...Object.fromEntries(CHECKS.map((name) => [`bin/${name}`, stand(`exit ${exit(name)}`)])),
    ...Object.fromEntries(SCRIPTS.map((name) => [name, `process.exit(${exit(name)});\n`])),
  };
  return withPlantedTree(['.ci/run'], files, (root) => {
    for (const name of Object.keys(files)) chmodSync(join(root, name), 0o755);
    chmodSync(join(root, '.ci/run'), 0o755);
    // The tree must not reach the real tools.
    rmSync(join(root, 'node_modules'));
    const path = [
      join(root, 'stand-in'),
      join(root, 'bin'),
      dirname(process.execPath),
      process.env.PATH,
    ];
    const { stdout, status } = spawnSync(
      join(root, '.ci/run'),
      argument === undefined ? [] : [argument],
      {
        encoding: 'utf8',
        env: {
          PATH: path.join(':'),
          REPORT: report === undefined ? '' : JSON.stringify(report),
          ...environment,
        },
      },
    );
    return { last: stdout.trimEnd().split('\n').at(-1), status, stdout };
  });
}

const GREEN = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults: [file('passed', 'passed')],
};

describe('.ci/run', () => {
  test('counts static checks and tests together', () => {
    expect(ciRun({ report: GREEN })).toMatchObject({ last: '19 passed, 0 failed', status: 0 });
  });

  test('leaves the tests out when asked to', () => {
    expect(ciRun({ argument: 'static' })).toMatchObject({ last: '7 passed, 0 failed', status: 0 });
  });

  test.each([...CHECKS, ...SCRIPTS])('fails when %s does, and runs the rest', (name) => {
    expect(ciRun({ report: GREEN, failing: [name] })).toMatchObject({
      last: '18 passed, 1 failed',
      status: 1,
    });
  });

  test('goes no further when the packages cannot be installed', () => {
    expect(ciRun({ report: GREEN, failing: ['npm install'] })).toMatchObject({
      last: '0 passed, 1 failed',
      status: 1,
    });
  });

  test('counts failed tests, and files that could not be loaded', () => {
    const report = {
      ...GREEN,
      numFailedTests: 2,
      testResults: [file('failed', 'failed', 'failed', 'passed'), file('failed')],
    };
    expect(ciRun({ report, npmStatus: 1 })).toMatchObject({
      last: '19 passed, 3 failed',
      status: 1,
    });
  });

  test('fails when there is no report, or the run failed although every test passed', () => {
    expect(ciRun({ npmStatus: 0 })).toMatchObject({ last: '7 passed, 1 failed', status: 1 });
    expect(ciRun({ report: GREEN, npmStatus: 3 })).toMatchObject({
      last: '19 passed, 1 failed',
      status: 1,
    });
  });

  test('names skipped tests, and lets none be skipped with CI=true', () => {
    const report = { ...GREEN, numPendingTests: 4 };
    const quiet = ciRun({ report });
    expect(quiet).toMatchObject({ last: '19 passed, 0 failed', status: 0 });
    expect(quiet.stdout).toContain('4 tests were skipped');
    expect(ciRun({ report, environment: { CI: 'true' } })).toMatchObject({
      last: '19 passed, 4 failed',
      status: 1,
    });
  });
});
