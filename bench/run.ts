import { type BenchOptions, BenchUsage, readBenchOptions, usage } from './bench-options.ts';
import { type BenchFigures, benchResult } from './bench-result.ts';

// `npm run bench -- <name> [options] --json`

type Bench = (options: BenchOptions) => Promise<BenchFigures>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  scoring: async () => (await import('./scoring-bench.ts')).scoringBench,
  stages: async () => (await import('./stages-bench.ts')).stagesBench,
  cardinality: async () => (await import('./cardinality-bench.ts')).cardinalityBench,
  rows: async () => (await import('./rows-bench.ts')).rowsBench,
  restore: async () => (await import('./restore-bench.ts')).restoreBench,
  changelog: async () => (await import('./changelog-bench.ts')).changelogBench,
  latency: async () => (await import('./latency-bench.ts')).latencyBench,
  clients: async () => (await import('./clients-bench.ts')).clientsBench,
  handover: async () => (await import('./handover-bench.ts')).handoverBench,
  all: async () => (await import('./all-bench.ts')).allBench,
  detect: async () => (await import('./detect-bench.ts')).detectBench,
  scaling: async () => (await import('./scaling-bench.ts')).scalingBench,
  peers: async () => (await import('./peers-bench.ts')).peersBench,
  pipeline: async () => (await import('./pipeline-bench.ts')).pipelineBench,
};

try {
  const options = readBenchOptions(process.argv.slice(2));
  const load = benches[options.name];
  if (load === undefined) {
    throw new BenchUsage(`no bench "${options.name}": ${Object.keys(benches).join(', ')}`);
  }
  const bench = await load();
  const result = benchResult(options, await bench(options));
  if (!options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  if (!(error instanceof BenchUsage)) throw error;
  process.stderr.write(`${error.message}\n${usage}\n`);
  process.exitCode = 2;
}
