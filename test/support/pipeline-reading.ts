import { setTimeout as sleep } from 'node:timers/promises';
import { topology } from '../../pipelines/topology.ts';
import type { FetchedRecord, Transport } from '../../runtime/transport.ts';
import type { Codec } from '../../schemas/codec.ts';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';

/** Where a pipeline’s topics can be read. */
export interface PipelineTopics {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly prefix: string;
}

/** Resolves when every stage has committed all there is on its inputs; upstream stages are looked at first. */
export async function untilIdle(
  topics: PipelineTopics,
  stages: number = topology.length,
): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await sleep(50);
    quiet = (await isIdle(topics, stages)) ? quiet + 1 : 0;
  }
}

async function isIdle({ transport, prefix }: PipelineTopics, stages: number): Promise<boolean> {
  for (const stage of topology.slice(0, stages)) {
    for (const input of stage.inputs) {
      const committed = await transport.committed(prefix + stage.name, prefix + input);
      for (const { partition, low, high } of await transport.ranges(prefix + input)) {
        if (high > low && (committed.get(partition) ?? 0) < high) return false;
      }
    }
  }
  return true;
}

/** All anomaly records on the topic, each once, as lines that show id, revision, phase and the bits of the score. */
export async function anomalyLines(topics: PipelineTopics): Promise<string[]> {
  const lines = new Set<string>();
  for (const anomaly of await readAnomalies(topics)) lines.add(anomalyLine(anomaly));
  return [...lines].sort();
}

/** All anomaly records on the topic, repeats included. */
export async function readAnomalies(topics: PipelineTopics): Promise<Anomaly[]> {
  const found: Anomaly[] = [];
  for await (const { value } of readTopic(topics, 'anomalies')) {
    const decoded = topics.codec.decode(value ?? new Uint8Array(0), ['Anomaly', 'Tick']);
    if (decoded.name === 'Anomaly') found.push(decoded.value);
  }
  return found;
}

/** All records that a topic (name without prefix) holds now, partition by partition. */
export async function* readTopic(
  { transport, prefix }: Pick<PipelineTopics, 'transport' | 'prefix'>,
  name: string,
): AsyncGenerator<FetchedRecord> {
  const topic = prefix + name;
  for (const { partition, low, high } of await transport.ranges(topic)) {
    if (high === low) continue;
    for await (const records of transport.read(topic, partition, low, { to: high })) yield* records;
  }
}

function anomalyLine({
  id,
  revision,
  phase,
  score,
  peakScore,
  startMs,
  lastMs,
  points,
}: Anomaly): string {
  const bits = Buffer.from(Float64Array.of(score, peakScore).buffer).toString('hex');
  return [Buffer.from(id).toString('hex'), revision, phase, startMs, lastMs, points, bits].join(
    ' ',
  );
}
