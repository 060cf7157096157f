import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { type RunningPipeline, runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import { stateTopic } from '../../runtime/stage-spec.ts';
import type { Transport } from '../../runtime/transport.ts';
import { WorkerProcess } from '../crash/worker-process.ts';
import { requireBroker } from '../servers/require-server.ts';
import { type Broker, startBroker } from '../servers/servers.ts';
import { type Fleet, makeFleet } from '../support/fleet.ts';
import { anomalyLines, untilIdle } from '../support/pipeline-reading.ts';
import { writeFleet } from '../support/write-fleet.ts';
import { type KafkaClientName, kafkaClients } from './transport-clients.ts';
import { eventually } from './transport-load.ts';

const PARTITIONS = 4;
/** Stages whose every task has state that grows with the series. */
const STATEFUL = ['enrich', 'detect'];
const possible = requireBroker('standbys on Kafka');
const fleet = makeFleet({ seed: 11, series: 200, rounds: 600, stepMs: 60_000, faultEvery: 120 });
const WARM_ROUNDS = 400;
const LIMIT_MS = 90_000;

describe.runIf(possible)('a worker that stands by', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-standby-'));
  let broker: Broker;
  let expected: readonly string[];

  beforeAll(async () => {
    broker = await startBroker();
    const alone = await start([`transport.embedded.dir=${join(folder, 'log')}`]);
    await write(alone, fleet);
    await untilIdle(alone);
    expected = await anomalyLines(alone);
    await alone.stop();
  });
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for(kafkaClients)(
    'takes over from one that is killed without reading the state again, and scores the same, by %s',
    async (client) => {
      const settings = settingsOf(client);
      const victim = new WorkerProcess(settings);
      await victim.ready();
      const heir = await start(settings);
      try {
        await eventually(
          'they share',
          () => STATEFUL.every((stage) => running(heir, stage) === 2),
          LIMIT_MS,
        );
        await write(heir, part(fleet, 0, WARM_ROUNDS));
        await untilIdle(heir);
        await eventually('the standbys are up to date', () => isUpToDate(heir), LIMIT_MS);
        const before = await ends(heir.transport, heir.prefix);
        const earlier = new Map(STATEFUL.map((stage) => [stage, handover(heir, stage)]));
        const reads = recordReads(heir.transport);
        const writing = write(heir, part(fleet, WARM_ROUNDS, fleet.rounds));
        await victim.kill();
        await writing;
        await eventually(
          'the heir has all',
          () => STATEFUL.every((stage) => running(heir, stage) === PARTITIONS),
          LIMIT_MS,
        );
        await untilIdle(heir);
        expect(reads.filter(({ place, from }) => from < (before.get(place) ?? 0))).toEqual([]);
        expect(Math.min(...before.values())).toBeGreaterThan(0);
        for (const stage of STATEFUL) {
          const takeOvers = handover(heir, stage).takeOvers - (earlier.get(stage)?.takeOvers ?? 0);
          expect({ stage, takeOvers }).toEqual({ stage, takeOvers: 2 });
        }
        const found = new Set(await anomalyLines(heir));
        // That was a read: they are noted.
        expect(reads).not.toEqual([]);
        expect(expected.filter((line) => !found.has(line)).slice(0, 5)).toEqual([]);
        expect(found.size).toBe(expected.length);
      } finally {
        if (!victim.hasEnded) await victim.kill();
        await heir.stop();
      }
    },
  );

  function settingsOf(client: KafkaClientName): readonly string[] {
    return [
      'transport.kind=kafka',
      `transport.kafka.brokers=${broker.brokers.join(',')}`,
      `transport.kafka.client=${client}`,
      'transport.kafka.sessionTimeoutMs=6000',
      `topics.prefix=standby-${client}.`,
      `topics.partitions=${PARTITIONS}`,
      'runtime.threads=1',
      'runtime.checkpointIntervalMs=1000',
      'runtime.standbyReplicas=1',
    ];
  }

  function start(settings: readonly string[]): Promise<RunningPipeline> {
    const set = [`topics.partitions=${PARTITIONS}`, 'runtime.threads=1', ...settings];
    const { options: config } = loadConfig({ cwd: folder, environment: {}, set });
    return runPipeline(config, { log: createLog('warn') });
  }
});

async function write(pipeline: RunningPipeline, written: Fleet): Promise<void> {
  await writeFleet({
    ...pipeline,
    fleet: written,
    partitions: PARTITIONS,
    pointsPerRecord: () => 1000,
  });
}

/** Rounds of a fleet as a fleet of their own. */
function part(whole: Fleet, from: number, to: number): Fleet {
  return {
    ...whole,
    startMs: whole.startMs + from * whole.stepMs,
    rounds: to - from,
    series: whole.series.map((each) => ({ ...each, values: each.values.subarray(from, to) })),
  };
}

function meterOf(pipeline: RunningPipeline, stage: string) {
  const found = pipeline.metrics.stages.find(({ meter }) => meter.stage === stage);
  if (found === undefined) throw new Error(`no stage ${stage}`);
  return found.meter;
}

function running(pipeline: RunningPipeline, stage: string): number {
  return meterOf(pipeline, stage).partitions('running');
}

function handover(pipeline: RunningPipeline, stage: string) {
  return meterOf(pipeline, stage).handover;
}

/** Everything is saved, and the standbys of the stateful stages have taken in all of it. */
async function isUpToDate(pipeline: RunningPipeline): Promise<boolean> {
  const figures = STATEFUL.map((stage) => handover(pipeline, stage));
  const isThere = figures.every(({ standbys, standbyLagRecords }) => {
    return standbys === 2 && standbyLagRecords === 0;
  });
  return isThere && (await isQuiet(pipeline.transport, pipeline.prefix));
}

/** Nothing is saved within two intervals of checkpoints and a look of the standbys. */
async function isQuiet(transport: Transport, prefix: string): Promise<boolean> {
  const first = await ends(transport, prefix);
  await new Promise((resolve) => setTimeout(resolve, 3500));
  const second = await ends(transport, prefix);
  return [...first].every(([place, end]) => second.get(place) === end);
}

/** The end of each partition of the stateful stages’ state topics, by topic and partition. */
async function ends(transport: Transport, prefix: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const stage of STATEFUL) {
    const topic = prefix + stateTopic(stage);
    for (const { partition, high } of await transport.ranges(topic))
      found.set(`${topic}/${partition}`, high);
  }
  return found;
}

/** Notes from now on where reads outside groups begin. */
function recordReads(transport: Transport): { readonly place: string; readonly from: number }[] {
  const reads: { place: string; from: number }[] = [];
  const read = transport.read.bind(transport);
  transport.read = (topic, partition, from, options) => {
    reads.push({ place: `${topic}/${partition}`, from });
    return read(topic, partition, from, options);
  };
  return reads;
}
