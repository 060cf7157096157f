import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import type { Scorer } from '../models/scorer.ts';
import { defaultSettings } from '../operators/detect/detect-input.ts';
import { Detector } from '../operators/detect/detector.ts';
import { SeriesShelf } from '../operators/detect/series-shelf.ts';
import { randomFrom } from '../test/support/random.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import type { ScoringAnswer, ScoringJob, ScoringRows } from './scoring-call.ts';

/** Points of one scoring call: what a kernel call under load brings. */
const CALL_POINTS = 65_536;
const WEEK_MS = 7 * 86_400_000;
/** Rows per run among which the ceiling takes its best. */
const BATCHES = [256, 1024, 4096, 16_384];

/**
 * Measures the ensemble in piscina workers against the same ONNX sessions in a bare loop, on as many threads.
 *
 * Rows are those that the detector makes of a fleet; a point counts when all three models have had its rows.
 */
export async function scoringBench(options: BenchOptions): Promise<BenchFigures> {
  const threads = options.threads > 0 ? options.threads : availableParallelism();
  const models = await modelRows(options);
  const pool = new Piscina<ScoringJob, ScoringAnswer>({
    filename: new URL('./scoring.worker.ts', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
  });
  const measure = async (job: Omit<ScoringJob, 'points'>) =>
    sum(
      await Promise.all(
        Array.from({ length: threads }, () => pool.run({ ...job, points: CALL_POINTS })),
      ),
    );
  try {
    const best = await bestBatches(models, options.seconds / 8, measure);
    // Both in turns, twice: the machine is shared and may slow down in between.
    const bare: Measured[] = [];
    const own: Measured[] = [];
    for (let turn = 0; turn < 2; turn++) {
      bare.push(await measure({ kind: 'bare', models: best, seconds: options.seconds / 4 }));
      own.push(await measure({ kind: 'ensemble', models: best, seconds: options.seconds / 4 }));
    }
    const least = (all: readonly Measured[]) => Math.min(...all.map((one) => one.cpuNsPerPoint));
    return {
      pointsPerSecond: rounded(Math.max(...own.map((one) => one.pointsPerSecond))),
      cpuNsPerPoint: Math.round(least(own)),
      ceilingRatio: rounded(least(bare) / least(own), 3),
      ceilingCpuNsPerPoint: Math.round(least(bare)),
      bestBatches: Object.fromEntries(best.map(({ id, batch }) => [id, batch])),
      rowsPerPoint: Object.fromEntries(
        models.map(({ id, rows }) => [id, rounded(rows / CALL_POINTS, 3)]),
      ),
      threads,
    };
  } finally {
    await pool.destroy();
  }
}

interface Measured {
  readonly pointsPerSecond: number;
  readonly cpuNsPerPoint: number;
}

function sum(answers: readonly ScoringAnswer[]): Measured {
  const points = answers.reduce((total, answer) => total + answer.points, 0);
  const cpu = answers.reduce((total, answer) => total + answer.cpuSeconds, 0);
  const rate = answers.reduce((total, answer) => total + answer.points / answer.wallSeconds, 0);
  return { pointsPerSecond: rate, cpuNsPerPoint: (cpu * 1e9) / points };
}

/** Finds each model’s best batch for the bare loop by itself. */
async function bestBatches(
  models: readonly ScoringRows[],
  seconds: number,
  measure: (job: Omit<ScoringJob, 'points'>) => Promise<Measured>,
): Promise<ScoringRows[]> {
  const best: ScoringRows[] = [];
  for (const model of models) {
    let least = Number.POSITIVE_INFINITY;
    let chosen = model;
    for (const batch of BATCHES) {
      const tried = { ...model, batch };
      const share = seconds / models.length / BATCHES.length;
      const { cpuNsPerPoint } = await measure({ kind: 'bare', models: [tried], seconds: share });
      if (cpuNsPerPoint >= least) continue;
      least = cpuNsPerPoint;
      chosen = tried;
    }
    best.push(chosen);
  }
  return best;
}

/** Runs a fleet through the detector and keeps what it hands to the models, in its last call. */
async function modelRows({ hop, stepMs }: BenchOptions): Promise<ScoringRows[]> {
  const scorer = await OnnxEnsemble.load();
  const kept = new Map<string, { readonly input: Float32Array; readonly rows: number }>();
  const watching: Scorer = {
    modelSet: scorer.modelSet,
    run: (id, input, rows, output, classes) => {
      kept.set(id, { input: input.slice(), rows });
      return scorer.run(id, input, rows, output, classes);
    },
  };
  const shelf = new SeriesShelf(WEEK_MS);
  const detector = new Detector(watching, shelf);
  const random = randomFrom(11);
  for (let call = 0; call < 3; call++)
    await detector.score(callInput(shelf, call, { hop, stepMs }, random));
  return scorer.modelSet.models.map(({ id, inputWidth, outputWidth }) => {
    const { input, rows } = kept.get(id) ?? { input: new Float32Array(0), rows: 0 };
    const shared = new Float32Array(new SharedArrayBuffer(4 * rows * inputWidth));
    shared.set(input.subarray(0, rows * inputWidth));
    return { id, rows, inputWidth, outputWidth, input: shared, batch: 4096 };
  });
}

const RUN_POINTS = 32;

function callInput(
  shelf: SeriesShelf,
  call: number,
  { hop, stepMs }: { readonly hop: number; readonly stepMs: number },
  random: () => number,
) {
  const runs = CALL_POINTS / RUN_POINTS;
  while (shelf.series.rowCount < runs) shelf.series.allocate();
  return {
    runs,
    rows: Uint32Array.from({ length: runs }, (_, r) => r),
    starts: Uint32Array.from({ length: runs }, (_, r) => r * RUN_POINTS),
    counts: new Uint32Array(runs).fill(RUN_POINTS),
    settingsOf: new Uint32Array(runs),
    settings: [{ ...defaultSettings, hop }],
    historical: new Uint8Array(runs),
    timestamps: Float64Array.from(
      { length: CALL_POINTS },
      (_, i) => 1.7e12 + (call * RUN_POINTS + (i % RUN_POINTS)) * stepMs,
    ),
    values: Float64Array.from(
      { length: CALL_POINTS },
      (_, i) => 100 + 10 * Math.sin((call * RUN_POINTS + i) / 9) + random() + random() - 1,
    ),
  };
}
