import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { againstBaseline, saveBaseline, writePlots } from './all-report.ts';
import type { BenchOptions } from './bench-options.ts';
import type { BenchFigures } from './bench-result.ts';

const run = promisify(execFile);
const main = fileURLToPath(new URL('run.ts', import.meta.url));
const ROW_LIMIT_MS = 600_000;

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  /** Seconds measured, for whoever does not say otherwise. */
  readonly seconds: number;
}

const kafka = (client: BenchOptions['client']) => ['--transport', 'kafka', '--client', client];
const batches = [
  '--points-per-series',
  '32',
  '--points-per-record',
  '4096',
  '--warmup-seconds',
  '30',
];
const onePoint = ['--points-per-series', '1', '--hop', '8'];

/**
 * Every row of the table in `bench/README.md`, in the order in which they are told; `Other` is the other Kafka client.
 * `detect` comes with its peers.
 */
function rowsOf(client: BenchOptions['client']): readonly Row[] {
  const other = client === 'kafkajs' ? 'platformatic' : 'kafkajs';
  const flowing = ['pipeline'];
  return [
    { name: 'stages', args: ['stages', '--warmup-seconds', '5'], seconds: 8 },
    { name: 'stages1', args: ['stages', '--warmup-seconds', '8', ...onePoint], seconds: 8 },
    { name: 'scoring', args: ['scoring'], seconds: 12 },
    { name: 'pipeline', args: [...flowing, ...kafka(client)], seconds: 60 },
    { name: 'preloaded', args: ['pipeline', '--preloaded', ...kafka(client)], seconds: 60 },
    { name: 'onePoint', args: [...flowing, ...kafka(client), ...onePoint], seconds: 60 },
    {
      name: 'single',
      args: ['pipeline', '--preloaded', '--producer', 'single', ...kafka(client)],
      seconds: 60,
    },
    { name: 'latency', args: ['latency', '--shares', '50', ...kafka(client)], seconds: 60 },
    { name: 'latencyOther', args: ['latency', '--shares', '50', ...kafka(other)], seconds: 60 },
    {
      name: 'latencyBatches',
      args: ['latency', '--shares', '50', ...batches, ...kafka(client)],
      seconds: 60,
    },
    { name: 'pipelineOther', args: [...flowing, ...kafka(other)], seconds: 60 },
    { name: 'detect', args: ['peers', ...kafka(client)], seconds: 60 },
    { name: 'detectOneThread', args: ['detect', '--threads', '1', ...kafka(client)], seconds: 30 },
  ];
}

/**
 * Runs every bench that a row of the table asks for, one after another, each in a process of its own.
 *
 * A row that fails is told with its error and does not end the others. Draws the plots, and compares with the stored
 * baseline or, with `save`, becomes it. Takes about twenty minutes on two cores that are its own.
 */
export async function allBench({ client, save }: BenchOptions): Promise<BenchFigures> {
  const rows: Record<string, Record<string, unknown>> = {};
  for (const { name, args, seconds } of rowsOf(client)) {
    const startMs = performance.now();
    rows[name] = await figuresOf([...args, '--seconds', String(seconds)]);
    const took = Math.round((performance.now() - startMs) / 1000);
    process.stderr.write(`${name}: ${JSON.stringify(brief(rows[name]))} in ${took} s\n`);
  }
  writePlots(rows);
  if (save) saveBaseline(rows);
  return { rows, againstBaseline: againstBaseline(rows) };
}

async function figuresOf(args: readonly string[]): Promise<Record<string, unknown>> {
  try {
    const command = [...process.execArgv, main, ...args, '--json'];
    const { stdout } = await run(process.execPath, command, { timeout: ROW_LIMIT_MS });
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  } catch (error) {
    return { error: error instanceof Error ? error.message.slice(-2000) : String(error) };
  }
}

function brief(row: Record<string, unknown> = {}): unknown {
  const { pointsPerSecond, cpuNsPerPoint, cores, p95Ms, ceilingRatio, error } = row as Record<
    string,
    unknown
  >;
  return { pointsPerSecond, cpuNsPerPoint, cores, p95Ms, ceilingRatio, error };
}
