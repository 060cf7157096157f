import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository } from './cruise.ts';
import { withPlantedTree } from './planted-tree.ts';

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const longFunction = `export function long(): void {\n${lines(60, (i) => `  print(${i});`)}\n}\n`;
const PRINT = 'declare function print(value: unknown): void;\n';
const LATER = 'declare function later(): Promise<boolean>;\n';

/** A planted file per rule, with the category that must be found in it and nowhere else. */
const PLANTS: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['nursery/noFloatingPromises', 'runtime/a.ts', `${LATER}later();\n`],
  ['nursery/noMisusedPromises', 'runtime/b.ts', `${LATER}if (later()) throw new Error('x');\n`],
  [
    'suspicious/noImportCycles',
    'runtime/c.ts',
    "import { d } from './d.ts';\n\nexport const c = d;\n",
  ],
  [
    'suspicious/noExplicitAny',
    'runtime/e.ts',
    'export const e = (value: any): unknown => value;\n',
  ],
  [
    'style/noExcessiveLinesPerFile',
    'runtime/f.ts',
    `${lines(301, (i) => `export const f${i} = ${i};`)}\n`,
  ],
  ['complexity/noExcessiveLinesPerFunction', 'runtime/g.ts', `${PRINT}${longFunction}`],
  [
    'complexity/noExcessiveCognitiveComplexity',
    'runtime/h.ts',
    `export function h(n: number): number {\n${lines(6, (i) => `${'  '.repeat(i + 1)}if (n > ${i}) {`)}\n${'  '.repeat(7)}return 1;\n${lines(6, (i) => `${'  '.repeat(6 - i)}}`)}\n  return 0;\n}\n`,
  ],
  ['style/useFilenamingConvention', 'runtime/notKebab.ts', 'export const i = 1;\n'],
  ['performance/noBarrelFile', 'runtime/barrel.ts', "export { sound } from './sound.ts';\n"],
  ['performance/noReExportAll', 'runtime/all.ts', "export * from './sound.ts';\n"],
  ['style/noEnum', 'runtime/j.ts', 'export enum J {\n  A = 0,\n}\n'],
  [
    'style/noNonNullAssertion',
    'runtime/k.ts',
    'export const k = (value?: string): string => value!;\n',
  ],
  [
    'style/useImportType',
    'runtime/l.ts',
    "import { Sound } from './sound.ts';\n\nexport const l: Sound = 1;\n",
  ],
  [
    'style/useNodejsImportProtocol',
    'runtime/m.ts',
    "import { cpus } from 'os';\n\nexport const m = cpus();\n",
  ],
  [
    'style/noParameterProperties',
    'runtime/n.ts',
    'export class N {\n  constructor(readonly n: number) {}\n}\n',
  ],
  ['style/noNamespace', 'runtime/o.ts', 'export namespace O {\n  export const o = 1;\n}\n'],
  ['correctness/noUnusedVariables', 'runtime/p.ts', 'const p = 1;\n'],
  [
    'correctness/noUnusedFunctionParameters',
    'runtime/q.ts',
    'export const q = (value: number) => 1;\n',
  ],
  ['plugin', 'runtime/r.ts', 'export const r = Date.now();\n'],
  ['plugin', 'operators/s.ts', 'export const s = Math.random();\n'],
  ['format', 'runtime/t.ts', 'export const t = "double";\n'],
];

const SOUND: Readonly<Record<string, string>> = {
  '.gitignore': 'node_modules/\n',
  'runtime/sound.ts': 'export type Sound = number;\n\nexport const sound: Sound = 1;\n',
  'runtime/d.ts': "import { c } from './c.ts';\n\nexport const d = c;\n",
  'runtime/clock.ts': 'export const nowMs = (): number => Date.now();\n',
  'runtime/long.test.ts': `${PRINT}${longFunction}`,
};

interface Diagnostic {
  readonly category: string;
  readonly severity: string;
  readonly location: { readonly path: string | { readonly file: string } };
}

/** Runs the house's Biome over a tree and gives `category path`, errors only. */
function errorsIn(root: string): readonly string[] {
  const tool = join(repository, 'node_modules/.bin/biome');
  const args = ['check', '--reporter=json', '--max-diagnostics=none'];
  const { stdout, stderr } = spawnSync(process.execPath, [tool, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('{')) throw new Error(`biome gave no report: ${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ category, location: { path } }) => {
      const file = typeof path === 'string' ? path : path.file;
      return `${category.replace(/^lint\//, '')} ${file}`;
    });
}

describe('the Biome rules', () => {
  const files = { ...SOUND, ...Object.fromEntries(PLANTS.map(([, path, text]) => [path, text])) };
  const configuration = ['biome.json', 'test/house/wall-clock.grit'];
  const found = withPlantedTree(configuration, files, errorsIn);

  test.each(PLANTS)('%s finds its fault in %s', (rule, path) => {
    expect(found).toContain(`${rule} ${path}`);
  });

  test('leave sound files alone', () => {
    const sound = { ...SOUND, 'runtime/c.ts': 'export const c = 1;\n' };
    expect(withPlantedTree(configuration, sound, errorsIn)).toEqual([]);
  });

  test('are all of them errors with a planted fault', () => {
    const text = readFileSync(join(repository, 'biome.json'), 'utf8');
    const { linter } = JSON.parse(text) as {
      linter: { rules: Record<string, Record<string, unknown>> };
    };
    const planted = new Set(PLANTS.map(([rule]) => rule));
    for (const [group, rules] of Object.entries(linter.rules)) {
      if (group === 'preset') continue;
      for (const [rule, setting] of Object.entries(rules)) {
        if (setting !== 'off') expect(planted).toContain(`${group}/${rule}`);
      }
    }
  });
});
