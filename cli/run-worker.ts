import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../pipelines/config.ts';
import { openMetricsListener } from '../pipelines/observability/worker-metrics-listener.ts';
import { type RunningPipeline, runPipeline } from '../pipelines/run.ts';
import { topology } from '../pipelines/topology.ts';
import type { Log } from '../runtime/log.ts';
import type { MetricsServer } from '../runtime/metrics/metrics-server.ts';
import { nearestWord } from '../runtime/options/nearest-word.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import { aborted } from './aborted.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { openLog } from './open-log.ts';
import { pipelineLag } from './pipeline-lag.ts';
import { pipelineTotals } from './pipeline-totals.ts';
import { receiverFolder } from './receiver-folder.ts';
import type { Terminal } from './terminal.ts';

const REPORT_MS = 10_000;
const IDLE_CHECK_MS = 500;
/** Checks in a row that must find nothing: a stage may have read what it has not yet written on. */
const IDLE_CHECKS = 3;

/** Which stages to run, and whether to end when nothing is left to do. */
export interface WorkerRequest {
  readonly stages: readonly string[] | undefined;
  readonly untilIdle: boolean;
}

/**
 * Runs stages until the terminal’s signal, or until idle, and stops them in order.
 *
 * @throws PipelineError when a stage cannot go on; CommandFailure (exit 2) for a stage that does not exist.
 */
export async function runWorker(
  config: Config,
  terminal: Terminal,
  request: WorkerRequest,
): Promise<void> {
  const stages = request.stages === undefined ? topology : pickStages(request.stages);
  const log = openLog(config);
  const outlets = {
    print: (text: string) => terminal.out.write(`${text}\n`),
    folder: receiverFolder(config, terminal.cwd),
  };
  // Whoever runs the last stage delivers; other workers leave it to that one.
  const delivers = stages.some(({ name }) => name === 'route');
  const pipeline = await runPipeline(config, { log, stages, ...(delivers ? { outlets } : {}) });
  log.info(
    { transport: pipeline.transport.name, stages: stages.map(({ name }) => name) },
    'running',
  );
  const listener = await openListener(config, pipeline, log);
  const report = setInterval(() => reportTotals(pipeline, log), REPORT_MS);
  try {
    const ends = [aborted(terminal.signal), pipeline.failed];
    if (request.untilIdle) ends.push(throughAndIdle(pipeline, stages, terminal.signal));
    await Promise.race(ends);
  } finally {
    clearInterval(report);
    await pipeline.stop();
    await listener?.close();
    reportTotals(pipeline, log);
    log.info({}, 'stopped');
  }
}

async function openListener(
  config: Config,
  pipeline: RunningPipeline,
  log: Log,
): Promise<MetricsServer | undefined> {
  try {
    return await openMetricsListener(config.observability, pipeline.metrics, log);
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
}

function pickStages(names: readonly string[]): readonly StageSpec[] {
  const known = topology.map(({ name }) => name as string);
  for (const name of names) {
    if (known.includes(name)) continue;
    const nearest = nearestWord(name, known);
    const hint =
      nearest === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${nearest}?`;
    throw new CommandFailure(`--stages: there is no stage ${name}`, exitCode.usage, hint);
  }
  return topology.filter(({ name }) => names.includes(name));
}

function reportTotals(pipeline: RunningPipeline, log: Log): void {
  const { pointsIn, lagRecords, deadLettered, dropped } = pipelineTotals(pipeline.figures());
  log.info({ points: pointsIn, lagRecords, deadLettered, dropped }, 'progress');
}

/** Everything written goes through; then what only waits for slower points does too. */
async function throughAndIdle(
  pipeline: RunningPipeline,
  stages: readonly StageSpec[],
  signal: AbortSignal,
): Promise<void> {
  await idle(pipeline, stages, signal);
  if (signal.aborted) return;
  await pipeline.endInput();
  await idle(pipeline, stages, signal);
}

async function idle(
  pipeline: RunningPipeline,
  stages: readonly StageSpec[],
  signal: AbortSignal,
): Promise<void> {
  for (let quiet = 0; quiet < IDLE_CHECKS && !signal.aborted; ) {
    const lag = await pipelineLag(pipeline.transport, pipeline.prefix, stages);
    quiet = lag === 0 ? quiet + 1 : 0;
    await sleep(IDLE_CHECK_MS);
  }
}
