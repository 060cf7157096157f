import { availableParallelism } from 'node:os';
import { firstValueFrom, merge, type Observable } from 'rxjs';
import { type Clock, monotonicClock, systemClock } from '../runtime/clock.ts';
import { PipelineError } from '../runtime/errors.ts';
import { Lanes } from '../runtime/lanes.ts';
import type { Log } from '../runtime/log.ts';
import { SlotPool } from '../runtime/slot-pool.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import type { Transport } from '../runtime/transport.ts';
import { warmKernel } from '../runtime/warm-kernel.ts';
import { Codec } from '../schemas/codec.ts';
import { topicSpecs } from '../schemas/topics.ts';
import { publishCatalog } from './catalog-publisher.ts';
import type { Config } from './config.ts';
import { type RunningSink, runNotificationSink, type SinkServices } from './notification-sink.ts';
import { openTraces } from './observability/open-traces.ts';
import { SelfAlertsWatch, type SelfAlertsWatchSetup } from './observability/self-alerts-watch.ts';
import type { Traces, TracesSetup } from './observability/traces.ts';
import { type MeteredStage, WorkerMetrics } from './observability/worker-metrics.ts';
import { type RegisteredSchemas, registerSchemas } from './open-registry.ts';
import { openTransport } from './open-transport.ts';
import type { ReceiverOutlets } from './receiver-io.ts';
import { SchemaGate } from './schema-gate.ts';
import { SilenceWatch, type SilenceWatchSetup } from './silence-watch.ts';
import { type RunningStage, runStage } from './stage.ts';
import { stageOptions } from './stage-options.ts';
import type { StageServices } from './stage-run.ts';
import { type StageFigures, StageStats } from './stage-stats.ts';
import { topology } from './topology.ts';

/** What a pipeline is run with; everything has a default but the log. */
export interface RunOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** The graph, or a part of it: a worker may run some stages only. */
  readonly stages?: readonly StageSpec[];
  /** A transport that is open already; it stays open after `stop`. */
  readonly transport?: Transport;
  /** Where receivers write to; absent: this worker delivers no notifications. */
  readonly outlets?: ReceiverOutlets;
}

/** A worker with its stages running. */
export interface RunningPipeline {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly prefix: string;
  /** What each stage has done so far. */
  figures(): readonly StageFigures[];
  /** What the worker tells about itself: metrics and health. */
  readonly metrics: WorkerMetrics;
  /** Rejects with the fault that a stage could not go on with. */
  readonly failed: Promise<never>;
  /**
   * Logs that the raw partitions read here have fallen silent, as `eventTime.idleTimeoutMs` would: what waits for slower
   * points is let go. Later points are taken in as before.
   */
  endInput(): Promise<void>;
  /** Finishes what was taken in, saves state, commits, and closes what it opened. */
  stop(): Promise<void>;
}

/**
 * Starts a worker: topics, schemas, catalog, kernel threads, and the stages in topological order.
 *
 * @throws PipelineError of fate `stop` when the topics have other partitions (`PARTITIONS_CHANGED`), or when the broker,
 *   the log or the registry refuses (`TRANSPORT_REFUSED`, `REGISTRY_UNAVAILABLE`).
 */
export async function runPipeline(config: Config, options: RunOptions): Promise<RunningPipeline> {
  const { log, clock = systemClock, stages = topology } = options;
  const { prefix, partitions, retentionMs } = config.topics;
  const transport = options.transport ?? (await openTransport(config, log));
  await transport.ensureTopics(topicSpecs({ prefix, partitions, retentionMs }));
  const schemas = await registerSchemas(config);
  const codec = new Codec(schemas.ids);
  await publishCatalog({ transport, codec, prefix, catalog: config.catalog, nowMs: clock.nowMs() });

  const gate = new SchemaGate(schemas.registry, schemas.own, log);
  const metrics = workerMetrics(config, clock);
  const traces = await workerTraces(config, metrics, { transport: transport.name, clock, log });
  const { kernelTimeoutMs: timeoutMs, deadLetters } = config.runtime;
  const lanes = new Lanes({ threads: threadsOf(config), timeoutMs, watch: metrics.lanes });
  const stats = stages.map(({ name }) => new StageStats(name));
  const slots = new SlotPool();
  const shared = { transport, lanes, slots, prefix, partitions, deadLetters, log, clock };
  const watch = selfAlertsWatch(config, { metrics, transport, prefix, stages, log });
  const warmed = warmStages(config, stages, schemas, { lanes, partitions });
  const running = stages.map((spec, i) => {
    const each = stats[i] as StageStats;
    const meter = metrics.addStage(spec.name, each);
    const own = stageServices(config, spec, schemas, { stats: each, meter }, gate);
    const trace = traces?.stage(spec.name, `${prefix}${spec.name}`);
    const stage = runStage(spec, { ...shared, ...own, trace, warmed });
    stage.done.subscribe({
      error: (error: unknown) => {
        meter.gaveUp(error);
        // The worker is about to end: the next sample would come too late.
        watch?.judge();
      },
    });
    return stage;
  });
  const silence = silenceWatch(config, stages, stats, { transport, codec, clock, log });
  const sinks = sinksOf(config, options.outlets, { transport, codec, prefix, clock, log });
  return {
    transport,
    codec,
    prefix,
    metrics,
    figures: () => stats.map((each) => each.figures()),
    failed: firstFault([...running, ...sinks]),
    endInput: () => silence.flush(),
    stop: async () => {
      gate.close();
      await silence.stop();
      watch?.stop();
      // Upstream first, so that what is under way still flows through the later stages.
      for (const stage of [...running, ...sinks]) await stage.stop();
      await lanes.close();
      await traces?.close();
      metrics.close();
      if (options.transport === undefined) await transport.close();
    },
  };
}

function sinksOf(
  { route: { receivers } }: Config,
  outlets: ReceiverOutlets | undefined,
  services: Omit<SinkServices, 'receivers' | 'outlets'>,
): readonly RunningSink[] {
  return outlets === undefined ? [] : [runNotificationSink({ ...services, receivers, outlets })];
}

/** Only the first stage reads what producers write: the silence of its partitions is logged. */
function silenceWatch(
  { eventTime }: Config,
  stages: readonly StageSpec[],
  stats: readonly StageStats[],
  services: Pick<SilenceWatchSetup, 'transport' | 'codec' | 'clock' | 'log'>,
): SilenceWatch {
  const first = stats[stages.findIndex(({ name }) => name === 'validate')];
  const { idleTimeoutMs } = eventTime;
  const heads = () => first?.heads() ?? [];
  const watch = new SilenceWatch({ ...services, heads, idleTimeoutMs, monotonic: monotonicClock });
  watch.start();
  return watch;
}

/** What cannot be loaded is the fault of the stage that then opens it. */
async function warmStages(
  config: Config,
  stages: readonly StageSpec[],
  schemas: RegisteredSchemas,
  threads: { readonly lanes: Lanes; readonly partitions: number },
): Promise<void> {
  const warmed = stages.map((spec) => {
    const options = stageOptions(config, spec.name, schemas.ids);
    return warmKernel(spec, { ...threads, options });
  });
  await Promise.allSettled(warmed);
}

type OwnServices = Omit<
  StageServices,
  'transport' | 'lanes' | 'slots' | 'prefix' | 'partitions' | 'deadLetters' | 'log' | 'clock'
>;

function stageServices(
  config: Config,
  spec: StageSpec,
  schemas: RegisteredSchemas,
  metered: MeteredStage,
  gate: SchemaGate,
): OwnServices {
  const { checkpointIntervalMs, checkpointPartBytes } = config.runtime;
  const { maxBufferedBytes, standbyReplicas } = config.runtime;
  const options = stageOptions(config, spec.name, schemas.ids);
  const checkpoints = { checkpointIntervalMs, checkpointPartBytes };
  const limits = { ...checkpoints, maxBufferedBytes, standbyReplicas };
  const services = { ...metered, options, ...limits };
  // Only producers write with schemas of their own; between stages the ids are ours.
  return spec.name === 'validate'
    ? { ...services, admit: (records) => gate.admit(records) }
    : services;
}

function firstFault(running: readonly Pick<RunningStage, 'done'>[]): Promise<never> {
  const faults: Observable<never> = merge(...running.map(({ done }) => done));
  const failed = firstValueFrom(faults).catch((error: unknown) => {
    if (error instanceof PipelineError) throw error;
    if (error instanceof Error && error.name === 'EmptyError')
      return new Promise<never>(() => undefined);
    throw new PipelineError(
      'KERNEL_FAILED',
      error instanceof Error ? error.message : String(error),
      { cause: error },
    );
  });
  // A fault that nobody waits for must not end the process by itself: `run` reports it.
  failed.catch(() => undefined);
  return failed as Promise<never>;
}

function workerMetrics(config: Config, clock: Clock): WorkerMetrics {
  const { prefix } = config.topics;
  const { kernelTimeoutMs } = config.runtime;
  const threads = threadsOf(config);
  const monotonic = monotonicClock;
  return new WorkerMetrics({ clock, monotonic, prefix, threads, kernelTimeoutMs });
}

async function workerTraces(
  config: Config,
  metrics: WorkerMetrics,
  given: Pick<TracesSetup, 'transport' | 'clock' | 'log'>,
): Promise<Traces | undefined> {
  const { namespace, clusterName: cluster } = config.runtime;
  const { traces: options } = config.observability;
  const monotonic = monotonicClock;
  const traces = await openTraces({ ...given, options, namespace, cluster, monotonic });
  metrics.showSpans(() => traces?.figures);
  return traces;
}

type Watched = Omit<SelfAlertsWatchSetup, 'limits' | 'sampleIntervalMs'>;

function selfAlertsWatch(config: Config, watched: Watched): SelfAlertsWatch | undefined {
  const { enabled, sampleIntervalMs, ...limits } = config.observability.selfAlerts;
  if (!enabled) return undefined;
  const { kernelTimeoutMs } = config.runtime;
  const watch = new SelfAlertsWatch({
    ...watched,
    limits: { ...limits, kernelTimeoutMs },
    sampleIntervalMs,
  });
  watch.start();
  return watch;
}

function threadsOf(config: Config): number {
  const { threads } = config.runtime;
  return threads > 0 ? threads : availableParallelism();
}
