import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What dependency-cruiser found: how many modules it read, and each breach as `rule: from → to`, sorted. */
export interface Cruise {
  readonly modules: number;
  readonly breaches: readonly string[];
}

const FOLDERS = 'runtime schemas models operators pipelines api cli bench test'.split(' ');

/** Folder of the repository. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Reads the imports of a tree that has a `.dependency-cruiser.json`.
 *
 * @throws Error with the tool's own words when it did not run.
 */
export function cruise(root: string): Cruise {
  const tool = join(repository, 'node_modules/.bin/depcruise');
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const args = [tool, '--config', '.dependency-cruiser.json', '--output-type', 'json', ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser gave no report: ${stderr}`);
  const { summary } = JSON.parse(stdout) as Report;
  const breaches = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  return { modules: summary.totalCruised, breaches: [...new Set(breaches)].sort() };
}

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}
