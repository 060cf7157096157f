import { writeSync } from 'node:fs';
import { systemClock } from '../../runtime/clock.ts';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import type { PipelineError } from '../../runtime/errors.ts';
import type { OutboundRecord, TopicSpec } from '../../runtime/transport.ts';

/**
 * A process that writes to the log in a folder (its argument) until it is killed, and says on standard output, one JSON
 * line each, what was acknowledged and what was refused.
 *
 * `ingest`: a producer’s records, with retention at work. `stage`: like a stage, step n writes n % 5 + 1 records
 * and a state page that names the step, together with offset n. All go on from where the log says they were.
 */
const [folder = ''] = process.argv.slice(2);
const unlimited = { retentionMs: -1, retentionBytes: -1, maxRecordBytes: 1_000_000 };
const topics: TopicSpec[] = [
  { ...unlimited, name: 'ingest', partitions: 1, cleanup: 'delete', retentionBytes: 300_000 },
  { ...unlimited, name: 'out', partitions: 4, cleanup: 'delete' },
  { ...unlimited, name: 'state', partitions: 1, cleanup: 'compact' },
];

const tell = (line: object): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

const outbound = (topic: string, partition: number, key: string, size: number): OutboundRecord => {
  const value = Buffer.alloc(size, key);
  return { topic, partition, key: Buffer.from(key), value, headers: {}, timestampMs: 0 };
};

/** Repeats a step until it is acknowledged; what it was refused with is told once. */
const acknowledged = async (step: () => Promise<void>): Promise<void> => {
  for (let refused = false; ; refused = true) {
    try {
      await step();
      return;
    } catch (error) {
      if (!refused) tell({ refused: (error as PipelineError).code });
    }
  }
};

const ingest = async (transport: EmbeddedTransport): Promise<void> => {
  const [range] = await transport.ranges('ingest');
  for (let n = range?.high ?? 0; ; n += 1) {
    await acknowledged(() =>
      transport.write('ingest', [outbound('ingest', 0, `i${n}`, 500 + ((n * 997) % 4_000))]),
    );
    tell({ ingest: n });
  }
};

const stage = async (transport: EmbeddedTransport): Promise<void> => {
  const subscription = await transport.subscribe('stage', ['ingest']);
  for (let n = ((await subscription.committed('ingest', 0)) ?? 0) + 1; ; n += 1) {
    const records = [outbound('state', 0, 'page', n)];
    for (let i = 0; i <= n % 5; i += 1)
      records.push(outbound('out', (n + i) % 4, `s${n}`, 100 + ((n * 31) % 900)));
    await acknowledged(() =>
      subscription.write(records, [{ topic: 'ingest', partition: 0, offset: n }]),
    );
    tell({ stage: n });
  }
};

const transport = await EmbeddedTransport.open({ folder, clock: systemClock, trimIntervalMs: 2 });
await transport.ensureTopics(topics);
tell({ open: process.pid });
await Promise.all([ingest(transport), stage(transport)]);
