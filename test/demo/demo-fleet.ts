import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../pipelines/config.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { makeFleet } from '../support/fleet.ts';
import { anomalyLines, type PipelineTopics, untilIdle } from '../support/pipeline-reading.ts';
import { writeFleet } from '../support/write-fleet.ts';

const fleet = makeFleet({ seed: 3, series: 320, rounds: 500, stepMs: 60_000, faultEvery: 100 });
const PARTITIONS = 8;
/** Between two rounds, so that what is done to the cluster falls into the load. */
const ROUND_MS = 60;

/** The load of the demo: a fleet with faults in it, the same on every machine. */
export class DemoFleet {
  readonly #writer: RawWriter;
  #round = 0;

  constructor({ transport, codec, prefix }: PipelineTopics) {
    this.#writer = new RawWriter({
      transport,
      codec,
      clock: systemClock,
      topic: `${prefix}metrics.raw`,
      partitions: PARTITIONS,
      tenant: 'default',
      producer: 'demo',
      backfill: true,
    });
  }

  /** Runs it through a pipeline in this process that nobody disturbs; returns its anomaly records as lines. */
  static async undisturbed(dir: string): Promise<string[]> {
    const set = [`transport.embedded.dir=${dir}`, `topics.partitions=${PARTITIONS}`];
    const { options: config } = loadConfig({ cwd: dir, environment: {}, set });
    const pipeline = await runPipeline(config, { log: createLog('warn') });
    await writeFleet({ ...pipeline, fleet, partitions: PARTITIONS, pointsPerRecord: () => 1000 });
    await untilIdle(pipeline);
    const lines = await anomalyLines(pipeline);
    await pipeline.stop();
    return lines;
  }

  /** Series, and points of the whole load. */
  static get size(): { readonly series: number; readonly points: number } {
    return { series: fleet.series.length, points: fleet.series.length * fleet.rounds };
  }

  /** Share of the load that is written. */
  get progress(): number {
    return this.#round / fleet.rounds;
  }

  /** Writes all of it at its pace; what brokers do not take is kept and written again. */
  async write(signal: AbortSignal): Promise<void> {
    const { series, startMs, stepMs, rounds } = fleet;
    for (; this.#round < rounds && !signal.aborted; this.#round += 1) {
      const timestampMs = startMs + this.#round * stepMs;
      await this.#writer.write(
        series.map(({ name, labels, values }) => ({
          series: { name, labels, kind: 'GAUGE' as const },
          timestampMs,
          value: values[this.#round] ?? 0,
        })),
      );
      await this.#flush(signal);
      await sleep(ROUND_MS);
    }
  }

  async #flush(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await this.#writer.flush();
      } catch {
        // Held by the writer, in order; a broker is away.
        await sleep(500);
      }
    }
  }
}
