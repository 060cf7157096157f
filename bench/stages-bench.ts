import { loadConfig } from '../pipelines/config.ts';
import { registerSchemas } from '../pipelines/open-registry.ts';
import { stageOptions } from '../pipelines/stage-options.ts';
import { topology } from '../pipelines/topology.ts';
import { systemClock } from '../runtime/clock.ts';
import { DEAD_LETTER_TOPIC } from '../runtime/dead-letter.ts';
import runKernelCall from '../runtime/kernel.worker.ts';
import { SlotReader, SlotWriter } from '../runtime/slot.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import { Codec } from '../schemas/codec.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchFigures, rounded } from './bench-result.ts';
import { FleetSource, seedOf } from './fleet-source.ts';
import { ageSettings } from './site.ts';

/** Bytes of raw records that one kernel call takes: what a fetch under load brings. */
const CALL_BYTES = 1024 * 1024;
const SLOT_BYTES = 16 * 1024 * 1024;
const NO_HEADERS = Object.freeze({});
const DAY_MS = 86_400_000;

interface StageCost {
  cpuMicros: number;
  calls: number;
  bytesOut: number;
}

/**
 * Measures what the kernels of the five stages cost per point, one after another on one thread, without any transport.
 *
 * Each stage reads what the one before it wrote. CPU is that of the whole process, so the garbage collector’s threads
 * count; the generator’s own time is left out.
 */
export async function stagesBench(options: BenchOptions): Promise<BenchFigures> {
  const chain = await openChain(options);
  const { series, pointsPerSeries, pointsPerRecord, stepMs, planted, warmupSeconds } = options;
  const source = new FleetSource(chain.codec, {
    series,
    pointsPerSeries,
    pointsPerRecord,
    stepMs,
    planted,
    pilots: 0,
    startMs: systemClock.nowMs() - 30 * DAY_MS,
    seed: seedOf('stages'),
  });
  // Series that are new cost their definitions, ten times a point.
  await runFor(warmupSeconds, chain, source, series * pointsPerSeries);
  chain.costs.clear();
  const points = await runFor(options.seconds, chain, source);
  const stages: Record<string, number> = {};
  const bytes: Record<string, number> = {};
  let micros = 0;
  for (const [name, cost] of chain.costs) {
    stages[name] = rounded((cost.cpuMicros * 1000) / points, 3);
    bytes[name] = rounded(cost.bytesOut / points, 3);
    micros += cost.cpuMicros;
  }
  return {
    pointsPerSecond: rounded((points * 1e6) / micros),
    cpuNsPerPoint: Math.round((micros * 1000) / points),
    cpuNsPerPointBy: stages,
    bytesOutPerPoint: bytes,
    points,
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
}

interface Chain {
  readonly codec: Codec;
  readonly costs: Map<string, StageCost>;
  /** Slots by stage. */
  readonly slots: ReadonlyMap<string, SharedArrayBuffer>;
}

async function openChain(options: BenchOptions): Promise<Chain> {
  const { options: config } = loadConfig({
    cwd: import.meta.dirname,
    environment: {},
    set: [...ageSettings(), `detect.hop=${options.hop}`],
  });
  const { ids } = await registerSchemas(config);
  for (const { name, inputs, broadcast, local, outputs, kernel } of topology) {
    await runKernelCall({
      op: 'open',
      task: { stage: name, partition: 0 },
      kernel,
      context: {
        stage: name,
        partition: 0,
        partitions: 1,
        options: stageOptions(config, name, ids),
      },
      inputs: [...inputs, ...broadcast, ...local],
      outputs: [...outputs, DEAD_LETTER_TOPIC],
      prefix: config.topics.prefix,
      deadLetters: config.runtime.deadLetters,
    });
  }
  const slots = new Map(
    ['raw', ...topology.map(({ name }) => name)].map((name) => [
      name,
      new SharedArrayBuffer(SLOT_BYTES),
    ]),
  );
  return { codec: new Codec(ids), costs: new Map(), slots };
}

/** Feeds records for at least so long and so many points. */
async function runFor(
  seconds: number,
  chain: Chain,
  source: FleetSource,
  atLeast = 0,
): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let points = 0;
  while (performance.now() < end || points < atLeast) {
    const slot = new SlotWriter(chain.slots.get('raw') as SharedArrayBuffer);
    const timestampMs = systemClock.nowMs();
    while (slot.byteLength < CALL_BYTES) {
      const { value, points: more } = source.next();
      slot.append(0, 0, offsets++, { key: null, value, headers: NO_HEADERS, timestampMs });
      points += more;
    }
    await runChain(chain, slot.buffer, slot.byteLength);
  }
  return points;
}

/** Raw offsets go on over all calls: a lower one would be a repeat. */
let offsets = 0;

async function runChain(chain: Chain, raw: SharedArrayBuffer, rawBytes: number): Promise<void> {
  let input = raw;
  let bytes = rawBytes;
  for (const stage of topology) {
    const output = chain.slots.get(stage.name) as SharedArrayBuffer;
    const task = { stage: stage.name, partition: 0 };
    const before = process.cpuUsage();
    const answer = await runKernelCall({ op: 'process', task, input, bytes, output });
    const { user, system } = process.cpuUsage(before);
    const cost = chain.costs.get(stage.name) ?? { cpuMicros: 0, calls: 0, bytesOut: 0 };
    cost.cpuMicros += user + system;
    cost.calls += 1;
    cost.bytesOut += answer.bytes;
    chain.costs.set(stage.name, cost);
    const next = forNext(stage, answer.output ?? output, answer.bytes);
    if (next === undefined) return;
    input = next.buffer;
    bytes = next.byteLength;
  }
}

/** The records that the stage after reads, numbered as its inputs. */
function forNext(
  { name, outputs }: StageSpec,
  output: SharedArrayBuffer,
  bytes: number,
): SlotWriter | undefined {
  const place = topology.findIndex((stage) => stage.name === name) + 1;
  const inputs: readonly string[] = topology[place]?.inputs ?? [];
  const slot = new SlotWriter(new SharedArrayBuffer(bytes + 1024));
  const reader = new SlotReader(output, bytes);
  while (reader.next()) {
    const number = inputs.indexOf(outputs[reader.topic] ?? '');
    if (number < 0) continue;
    const { key, value, headers, timestampMs } = reader;
    slot.append(number, 0, offsets, { key, value, headers, timestampMs });
  }
  return slot.count === 0 ? undefined : slot;
}
