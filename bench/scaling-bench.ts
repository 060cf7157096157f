import type { BenchOptions } from './bench-options.ts';
import type { BenchFigures } from './bench-result.ts';
import { pipelineBench } from './pipeline-bench.ts';

/** Workers and partitions that are measured; further ones need more cores than two to tell anything. */
const layouts = [
  { workers: 1, partitions: 1 },
  { workers: 1, partitions: 2 },
  { workers: 1, partitions: 4 },
  { workers: 2, partitions: 2 },
  { workers: 2, partitions: 4 },
] as const;

/** Measures the whole pipeline with more workers and partitions, one after another, each on a broker of its own. */
export async function scalingBench(options: BenchOptions): Promise<BenchFigures> {
  const rows = [];
  for (const { workers, partitions } of layouts) {
    const at = { ...options, transport: 'kafka', workers, partitions } as const;
    const { pointsPerSecond, cpuNsPerPoint, cores, accounting } = await pipelineBench(at);
    rows.push({ workers, partitions, pointsPerSecond, cpuNsPerPoint, cores, accounting });
  }
  const { pointsPerSecond, cpuNsPerPoint } = rows[0] ?? {};
  return {
    ...(pointsPerSecond === undefined ? {} : { pointsPerSecond }),
    ...(cpuNsPerPoint === undefined ? {} : { cpuNsPerPoint }),
    layouts: rows,
  };
}
