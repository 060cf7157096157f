import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cruise, cruise, repository } from './cruise.ts';
import { withPlantedTree } from './planted-tree.ts';

/** A fault of one rule: the import that breaks it, and where it stands. */
interface Plant {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

const PLANTS: readonly Plant[] = [
  { rule: 'runtime-is-the-floor', from: 'runtime/a.ts', to: 'schemas/sound.ts' },
  { rule: 'runtime-is-the-floor', from: 'runtime/b.ts', to: 'cli/sound.ts' },
  { rule: 'runtime-is-the-floor', from: 'runtime/a-by-type.ts', to: 'operators/sound.ts' },
  { rule: 'runtime-is-the-floor', from: 'runtime/a-by-export.ts', to: 'models/sound.ts' },
  { rule: 'runtime-is-the-floor', from: 'runtime/a-by-await.ts', to: 'pipelines/sound.ts' },
  { rule: 'schemas-below-models', from: 'schemas/a.ts', to: 'models/sound.ts' },
  { rule: 'schemas-below-models', from: 'schemas/b.ts', to: 'runtime/kafka/sound.ts' },
  { rule: 'models-below-operators', from: 'models/a.ts', to: 'operators/sound.ts' },
  { rule: 'models-below-operators', from: 'models/b.ts', to: 'runtime/embedded/sound.ts' },
  {
    rule: 'nobody-imports-training-or-evaluation',
    from: 'operators/t.ts',
    to: 'models/train/sound.ts',
  },
  {
    rule: 'nobody-imports-training-or-evaluation',
    from: 'operators/e.ts',
    to: 'models/evaluate/sound.ts',
  },
  { rule: 'operators-below-pipelines', from: 'operators/a.ts', to: 'pipelines/sound.ts' },
  { rule: 'pipelines-below-cli-and-api', from: 'pipelines/a.ts', to: 'cli/sound.ts' },
  { rule: 'pipelines-below-cli-and-api', from: 'pipelines/b.ts', to: 'api/sound.ts' },
  { rule: 'operators-do-no-input-or-output', from: 'operators/b.ts', to: 'runtime/kafka/sound.ts' },
  { rule: 'operators-do-no-input-or-output', from: 'operators/c.ts', to: 'runtime/clock.ts' },
  { rule: 'operators-do-no-input-or-output', from: 'operators/d.ts', to: 'pino' },
  ...['fs', 'fs/promises', 'net', 'worker_threads', 'timers', 'timers/promises', 'os'].map(
    (module): Plant => ({
      rule: 'operators-do-no-input-or-output',
      from: `operators/core-${module.replace('/', '-')}.ts`,
      to: `node:${module}`,
    }),
  ),
  { rule: 'api-sees-only-the-topology', from: 'api/a.ts', to: 'operators/sound.ts' },
  { rule: 'api-sees-only-the-topology', from: 'api/b.ts', to: 'pipelines/sound.ts' },
  { rule: 'kafka-client-has-one-owner', from: 'pipelines/k.ts', to: 'kafkajs' },
  { rule: 'kafka-client-has-one-owner', from: 'runtime/k.ts', to: 'snappy' },
  { rule: 'kafka-client-has-one-owner', from: 'runtime/l.ts', to: '@platformatic/kafka' },
  { rule: 'kafka-client-has-one-owner', from: 'cli/l.ts', to: '@platformatic/kafka' },
  { rule: 'worker-pool-has-one-owner', from: 'runtime/p.ts', to: 'piscina' },
  { rule: 'avro-has-one-owner', from: 'schemas/v.ts', to: 'avsc' },
  { rule: 'model-runtime-has-one-owner', from: 'models/o.ts', to: 'onnxruntime-node' },
  { rule: 'metrics-client-has-one-owner', from: 'pipelines/m.ts', to: 'prom-client' },
  {
    rule: 'tracing-has-one-owner',
    from: 'pipelines/observability/t.ts',
    to: '@opentelemetry/api',
  },
  { rule: 'embedded-database-has-one-owner', from: 'runtime/q.ts', to: 'node:sqlite' },
  { rule: 'nobody-imports-tests-or-bench', from: 'cli/t.ts', to: 'test/sound.ts' },
  { rule: 'nobody-imports-tests-or-bench', from: 'cli/b.ts', to: 'bench/sound.ts' },
  { rule: 'nobody-imports-tests-or-bench', from: 'cli/x.ts', to: 'cli/sound.test.ts' },
  { rule: 'nobody-imports-tests-or-bench', from: 'cli/f.ts', to: 'cli/sound.fixture.ts' },
  { rule: 'test-tools-stay-in-tests', from: 'cli/v.ts', to: 'vitest' },
  { rule: 'test-tools-stay-in-tests', from: 'cli/c.ts', to: 'fast-check' },
  { rule: 'no-circular', from: 'cli/round-a.ts', to: 'cli/round-b.ts' },
  { rule: 'everything-resolves', from: 'cli/u.ts', to: 'no-such-package' },
  { rule: 'everything-resolves', from: 'cli/w.ts', to: 'cli/no-such-file.ts' },
];

/** Imports that each rule must leave alone, by file. */
const SOUND: Readonly<Record<string, readonly string[]>> = {
  'runtime/sound.ts': ['rxjs', 'node:fs'],
  'runtime/clock.ts': [],
  'runtime/lanes.ts': ['piscina'],
  'runtime/metrics/metrics.ts': ['prom-client'],
  'runtime/kafka/sound.ts': ['kafkajs', '@platformatic/kafka', 'snappy', 'runtime/sound.ts'],
  'runtime/embedded/sound.ts': ['node:sqlite', 'runtime/sound.ts'],
  'schemas/sound.ts': ['runtime/sound.ts'],
  'schemas/codec.ts': ['avsc'],
  'models/sound.ts': ['schemas/sound.ts', 'runtime/sound.ts'],
  'models/onnx-ensemble.ts': ['onnxruntime-node', 'node:fs'],
  'models/train/sound.ts': ['operators/sound.ts', 'node:fs'],
  'models/evaluate/sound.ts': ['operators/sound.ts', 'models/train/sound.ts'],
  'operators/sound.ts': ['models/sound.ts', 'schemas/sound.ts', 'runtime/sound.ts', 'zod'],
  'operators/sound.test.ts': ['vitest', 'fast-check', 'node:fs', 'operators/sound.ts'],
  'pipelines/sound.ts': ['operators/sound.ts', 'runtime/clock.ts', 'node:fs'],
  'pipelines/topology.ts': ['schemas/sound.ts'],
  'pipelines/observability/otlp/sound.ts': ['@opentelemetry/api', 'pipelines/sound.ts'],
  'api/sound.ts': ['pipelines/topology.ts', 'schemas/sound.ts'],
  'cli/sound.ts': ['pipelines/sound.ts', 'commander'],
  'cli/sound.test.ts': ['cli/sound.ts', 'vitest', 'cli/sound.fixture.ts'],
  'cli/sound.fixture.ts': [],
  'cli/round-a.ts': [],
  'cli/round-b.ts': ['cli/round-a.ts'],
  'bench/sound.ts': ['pipelines/sound.ts', 'test/sound.ts'],
  'test/sound.ts': ['cli/sound.ts', 'vitest'],
};

/** Ways of importing, by the end of the file's name: `…-by-type.ts`. */
const FORMS: Readonly<Record<string, string>> = {
  import: "import 'TARGET';",
  type: "import type { value as planted } from 'TARGET';",
  export: "export { value as planted } from 'TARGET';",
  await: "export const planted = await import('TARGET');",
};

/** Writes a file that imports all of `targets`; paths of the tree become relative ones. */
function importing(from: string, targets: readonly string[]): string {
  const up = '../'.repeat(from.split('/').length - 1);
  const lines = targets.map((target) => {
    const specifier = /^[a-z]+\/.*\.ts$/.test(target) ? `${up}${target}` : target;
    return (FORMS[/-by-(\w+)\.ts$/.exec(from)?.[1] ?? 'import'] ?? '').replace('TARGET', specifier);
  });
  return [...lines, 'export const value = 1;', ''].join('\n');
}

function cruisePlanted(plants: readonly Plant[]): Cruise {
  const files = Object.entries(SOUND).map(([path, targets]) => [path, importing(path, targets)]);
  const faults = plants.map(({ from, to }) => [from, importing(from, [to])]);
  return withPlantedTree(
    ['.dependency-cruiser.json', 'tsconfig.json'],
    Object.fromEntries([...files, ...faults]),
    cruise,
  );
}

describe('the import rules', () => {
  test('find nothing in a sound tree, and read it', () => {
    const { modules, breaches } = cruisePlanted([]);
    expect(breaches).toEqual([]);
    expect(modules).toBeGreaterThanOrEqual(Object.keys(SOUND).length);
  });

  const planted = cruisePlanted(PLANTS).breaches;

  test.each(PLANTS)('$rule finds $from importing $to', ({ rule, from }) => {
    expect(planted.some((breach) => breach.startsWith(`${rule}: ${from} → `))).toBe(true);
  });

  test('find the planted faults only', () => {
    const expected = new Set(PLANTS.map(({ rule, from }) => `${rule}: ${from}`));
    const found = planted.map((breach) => breach.split(' → ')[0] ?? '');
    expect(found.filter((breach) => !expected.has(breach))).toEqual([]);
  });

  test('have a planted fault each', () => {
    const text = readFileSync(join(repository, '.dependency-cruiser.json'), 'utf8');
    const { forbidden } = JSON.parse(text) as { forbidden: { name: string; severity: string }[] };
    const rules = forbidden.map((rule) => rule.name).sort();
    expect([...new Set(PLANTS.map((plant) => plant.rule))].sort()).toEqual(rules);
    expect(new Set(forbidden.map((rule) => rule.severity))).toEqual(new Set(['error']));
  });
});
