import { setTimeout as sleep } from 'node:timers/promises';
import { topology } from '../pipelines/topology.ts';
import { untilIdle } from '../test/support/pipeline-reading.ts';
import type { Planted } from './fleet-source.ts';
import type { PipelineRun } from './pipeline-run.ts';

/** Stages before detect. */
const BEFORE_DETECT = 2;
const WINDOW_POINTS = 32;
/** Points of a second of input: what detect took on two cores, 24 November 2026. */
const FILL_RATE = 1_900_000;

/** What a filled `metrics.enriched` holds. */
export interface EnrichedLog {
  readonly points: number;
  /** Points after which every series is known and its windows close: before that a point costs another amount. */
  readonly warmPoints: number;
  readonly planted: readonly Planted[];
}

/** Fills `metrics.enriched` by the product’s own stages with points for so many seconds of detect, and stops them. */
export async function fillEnriched(run: PipelineRun): Promise<EnrichedLog> {
  const { series, pointsPerSeries, seconds } = run.options;
  await run.startWorkers(topology.slice(0, BEFORE_DETECT));
  await run.generator.history();
  const history = run.generator.points;
  const round = series * pointsPerSeries;
  const rounds = Math.max(2, Math.ceil((seconds * FILL_RATE) / round));
  run.grant(rounds * round);
  const points = history + rounds * round;
  while (run.generator.points < points) await Promise.race([sleep(50), run.pipeline.failed]);
  const planted = await run.generator.halt();
  await untilIdle(run.pipeline, BEFORE_DETECT);
  await run.stopWorker();
  const warmPoints = Math.min(
    history + series * Math.max(WINDOW_POINTS, pointsPerSeries),
    points / 2,
  );
  return { points, warmPoints, planted };
}
