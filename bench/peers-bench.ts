import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerSchemas } from '../pipelines/open-registry.ts';
import { Codec } from '../schemas/codec.ts';
import { schemaTexts } from '../schemas/generated/schema-texts.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import type { CpuSeconds } from './cpu-meter.ts';
import { cpuPerPoint } from './cpu-meter.ts';
import { measureDetect } from './detect-bench.ts';
import { type EnrichedLog, fillEnriched } from './enriched-log.ts';
import { consumePlainly } from './peers/plain-consumer.ts';
import { StreamsPeer } from './peers/streams-peer.ts';
import { PipelineRun } from './pipeline-run.ts';
import { openSite } from './site.ts';

interface Reading {
  readonly atMs: number;
  readonly points: number;
  readonly cpu: CpuSeconds;
}

/**
 * Measures detect, a plain consumer and a Kafka Streams application on the same enriched batches, one after another.
 *
 * `peers.streams` does the job that detect does (`test/integration/streams-peer.test.ts`), `peers.light` less of it.
 *
 * The input is made once. Each reads it to the end, and is measured from where every series is known to it.
 */
export async function peersBench(given: BenchOptions): Promise<BenchFigures> {
  const options = { ...given, transport: 'kafka' } as const;
  const site = await openSite(options);
  const run = await PipelineRun.open(site, options);
  try {
    const log = await fillEnriched(run);
    const plain = await plainConsumer(run, log);
    const light = await streamsPeer(run, log, true);
    const streams = await streamsPeer(run, log, false);
    const detect = await measureDetect(run, log);
    return {
      ...detect,
      againstStreams: rounded((streams.cpuNsPerPoint ?? 0) / (detect.cpuNsPerPoint ?? 1), 3),
      againstStreamsByRate: rounded(
        (detect.pointsPerSecond ?? 0) / (streams.pointsPerSecond ?? 1),
        3,
      ),
      againstLight: rounded((light.cpuNsPerPoint ?? 0) / (detect.cpuNsPerPoint ?? 1), 3),
      peers: { streams, light, plain },
    };
  } finally {
    await run.close();
    await site.close();
  }
}

async function plainConsumer(run: PipelineRun, log: EnrichedLog): Promise<BenchFigures> {
  const { transport, site } = run;
  const { ids } = await registerSchemas(site.config);
  let points = 0;
  const consuming = consumePlainly({
    transport,
    codec: new Codec(ids),
    topic: enrichedTopic(run),
    decoded: (so) => {
      points = so;
    },
  });
  return await measured(run, log, () => points, consuming);
}

async function streamsPeer(
  run: PipelineRun,
  log: EnrichedLog,
  light: boolean,
): Promise<BenchFigures> {
  const { site, transport } = run;
  const { folder, config } = site;
  const name = light ? 'light' : 'peer';
  const output = `${config.topics.prefix}${name}.anomalies`;
  await transport.ensureTopics([
    {
      name: output,
      partitions: config.topics.partitions,
      cleanup: 'delete',
      retentionMs: 86_400_000,
      retentionBytes: 2 ** 30,
      maxRecordBytes: 2 ** 20,
    },
  ]);
  const { ids } = await registerSchemas(config);
  const schemaFile = join(folder, 'series-batch.json');
  writeFileSync(schemaFile, schemaTexts.SeriesBatch);
  const peer = await StreamsPeer.start({
    brokers: config.transport.kafka.brokers,
    input: enrichedTopic(run),
    output,
    schemaFile,
    schemaId: ids.SeriesBatch,
    threads: availableParallelism(),
    hop: run.options.hop,
    light,
    folder: join(folder, name),
  });
  try {
    return await measured(run, log, () => peer.points, peer.failed);
  } finally {
    await peer.stop();
  }
}

/** Waits until `pointsNow` has passed the warm-up and then everything; `failing` rejects when that will never be. */
async function measured(
  run: PipelineRun,
  log: EnrichedLog,
  pointsNow: () => number,
  failing: Promise<unknown>,
): Promise<BenchFigures> {
  const reached = async (points: number): Promise<Reading> => {
    while (pointsNow() < points) await Promise.race([sleep(20), failing.then(() => sleep(20))]);
    return { atMs: performance.now(), points: pointsNow(), cpu: run.meter.read() };
  };
  const from = await reached(log.warmPoints);
  const to = await reached(log.points);
  const points = to.points - from.points;
  const seconds = (to.atMs - from.atMs) / 1000;
  const cpu = cpuPerPoint(from.cpu, to.cpu, points);
  return {
    pointsPerSecond: rounded(points / seconds),
    cpuNsPerPoint: cpu.total,
    cpuNsPerPointBy: cpu,
    cores: rounded((to.cpu.total - from.cpu.total) / seconds, 3),
    points,
    seconds: rounded(seconds),
  };
}

function enrichedTopic({ site }: PipelineRun): string {
  return `${site.config.topics.prefix}metrics.enriched`;
}
