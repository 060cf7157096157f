import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WorkerMetrics } from '../../pipelines/observability/worker-metrics.ts';
import { runStage } from '../../pipelines/stage.ts';
import { StageStats } from '../../pipelines/stage-stats.ts';
import { monotonicClock, systemClock } from '../../runtime/clock.ts';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import { PipelineError } from '../../runtime/errors.ts';
import { Lanes } from '../../runtime/lanes.ts';
import { createLog } from '../../runtime/log.ts';
import { SlotPool } from '../../runtime/slot-pool.ts';
import type { StageSpec } from '../../runtime/stage-spec.ts';
import type { Subscription, TopicSpec, Transport } from '../../runtime/transport.ts';
import { eventually } from '../integration/transport-load.ts';

/** So large that each takes a kernel call of its own, and so many that some wait when the stage is rebuilt. */
const RECORD_BYTES = 3 * 1024 * 1024;
const RECORDS = 8;

const spec: StageSpec = {
  name: 'slow',
  inputs: ['in'],
  broadcast: [],
  local: [],
  outputs: ['out'],
  kernel: new URL('./slow-kernel.fixture.ts', import.meta.url).href,
};

/** A transport whose first write behind a subscription fails as one to brokers that are away. */
function failingOnce(transport: EmbeddedTransport): Transport {
  let failed = false;
  const subscribe = async (group: string, topics: readonly string[]): Promise<Subscription> => {
    const inner = await transport.subscribe(group, topics);
    const write: Subscription['write'] = async (records, offsets) => {
      if (failed) return await inner.write(records, offsets);
      failed = true;
      throw new PipelineError('TRANSPORT_UNAVAILABLE', 'planned');
    };
    return {
      events: inner.events,
      start: (partition, from) => inner.start(partition, from),
      pause: (partitions) => inner.pause(partitions),
      resume: (partitions) => inner.resume(partitions),
      committed: (topic, partition) => inner.committed(topic, partition),
      drain: () => inner.drain(),
      close: () => inner.close(),
      write,
    };
  };
  return {
    name: transport.name,
    ensureTopics: (topics) => transport.ensureTopics(topics),
    listTopics: () => transport.listTopics(),
    ranges: (topic) => transport.ranges(topic),
    committed: (group, topic) => transport.committed(group, topic),
    write: (producer, records) => transport.write(producer, records),
    read: (topic, partition, from, options) => transport.read(topic, partition, from, options),
    close: () => transport.close(),
    subscribe,
  };
}

it('a rebuilt stage loses nothing of what waited for its former kernel', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-rebuild-'));
  const transport = await EmbeddedTransport.open({ folder, clock: systemClock });
  await transport.ensureTopics([topic('in'), topic('out'), topic('slow.state', 'compact')]);
  for (let n = 0; n < RECORDS; n++) {
    const value = Buffer.alloc(RECORD_BYTES);
    const record = { topic: 'in', partition: 0, key: null, value, headers: {}, timestampMs: 0 };
    await transport.write('writer', [record]);
  }
  const lanes = new Lanes({ threads: 1, timeoutMs: 30_000 });
  const stats = new StageStats(spec.name);
  const metrics = new WorkerMetrics({
    clock: systemClock,
    monotonic: monotonicClock,
    prefix: '',
    threads: 1,
    kernelTimeoutMs: 30_000,
  });
  const stage = runStage(spec, {
    transport: failingOnce(transport),
    lanes,
    slots: new SlotPool(),
    prefix: '',
    partitions: 1,
    options: {},
    deadLetters: { maxPerMinute: 1000, sampleEvery: 100 },
    clock: systemClock,
    stats,
    meter: metrics.addStage(spec.name, stats),
    log: createLog('silent'),
    checkpointIntervalMs: 60_000,
    checkpointPartBytes: 8 * 1024 ** 2,
    standbyReplicas: 0,
    maxBufferedBytes: 1024 ** 3,
  });
  await eventually('all is committed', async () => {
    return (await transport.committed('slow', 'in')).get(0) === RECORDS;
  });
  await stage.stop();
  const keys: string[] = [];
  for (const { high } of await transport.ranges('out')) {
    for await (const records of transport.read('out', 0, 0, { to: high }))
      keys.push(...records.map(({ key }) => Buffer.from(key ?? []).toString()));
  }
  expect(keys).toEqual(Array.from({ length: RECORDS }, (_, n) => String(n)));
  await lanes.close();
  metrics.close();
  await transport.close();
  await rm(folder, { recursive: true });
});

function topic(name: string, cleanup: TopicSpec['cleanup'] = 'delete'): TopicSpec {
  const maxRecordBytes = 2 * RECORD_BYTES;
  return { name, partitions: 1, cleanup, retentionMs: -1, retentionBytes: -1, maxRecordBytes };
}
