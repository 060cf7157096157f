import { readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { type PipelineTopics, readTopic } from './pipeline-reading.ts';

/** The points on a topic of packed batches: times by series id (hex), each once, and how many stand there more than once. */
export interface EnrichedPoints {
  readonly times: ReadonlyMap<string, ReadonlySet<number>>;
  readonly repeated: number;
}

/** Reads every point that enrich wrote, or validate: topic without prefix. */
export async function enrichedPoints(
  topics: PipelineTopics,
  name: 'metrics.validated' | 'metrics.enriched' = 'metrics.enriched',
): Promise<EnrichedPoints> {
  const times = new Map<string, Set<number>>();
  let repeated = 0;
  const add = (value: Uint8Array): void => {
    const decoded = topics.codec.decode(value, ['SeriesBatch', 'Tick']);
    if (decoded.name === 'Tick') return;
    const batch = readPackedBatch(decoded.value);
    if ('code' in batch) throw new Error(batch.detail);
    for (let run = 0; run < batch.runCount; run++) {
      const slot = batch.runSeries[run] ?? 0;
      const id = Buffer.from(batch.seriesIds.subarray(slot * 8, slot * 8 + 8)).toString('hex');
      const known = times.get(id) ?? new Set();
      times.set(id, known);
      const all = batch.timestamps.subarray(batch.runStarts[run], batch.runStarts[run + 1]);
      for (const time of all) {
        if (known.has(time)) repeated += 1;
        known.add(time);
      }
    }
  };
  for await (const { value } of readTopic(topics, name)) {
    add(value ?? new Uint8Array(0));
  }
  return { times, repeated };
}
