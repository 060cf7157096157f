import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import type {
  OutboundRecord,
  Subscription,
  SubscriptionEvent,
  TopicSpec,
} from '../../runtime/transport.ts';
import { Received } from '../conformance/received.ts';

const LARGE_BYTES = 100_000;

describe.each([
  ['memory', 32 * 1024 * 1024],
  ['the file', 0],
])('delivery of the embedded log from %s', (_, recentBytes) => {
  let folder: string;
  let transport: EmbeddedTransport;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-delivery-'));
    const clock = { nowMs: () => 0 };
    transport = await EmbeddedTransport.open({ folder, clock, trimIntervalMs: 0, recentBytes });
    await transport.ensureTopics([topic('t', 2), topic('wide', 4)]);
  });
  afterEach(async () => {
    await transport.close();
    await rm(folder, { recursive: true });
  });

  it('refuses a second member of a group until the first has left', async () => {
    const first = await transport.subscribe('g', ['t']);
    await expect(transport.subscribe('g', ['wide'])).rejects.toMatchObject({
      code: 'TRANSPORT_REFUSED',
    });
    await first.close();
    await transport.subscribe('g', ['wide']);
  });

  it('refuses topics of differing partition counts in one subscription', async () => {
    await expect(transport.subscribe('g', ['t', 'wide'])).rejects.toMatchObject({
      code: 'PARTITIONS_CHANGED',
    });
  });

  it('refuses a second subscriber of the same events', async () => {
    const subscription = await transport.subscribe('g', ['t']);
    const first = new Received(subscription);
    await first.until(({ assigned }) => assigned.size === 2);
    const second = new Received(subscription);
    await expect(second.until(() => false)).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
    await transport.write('writer', [outbound('t', 0, 1)]);
    await first.take(1, 't', 0);
  });

  it('cuts batches at 1 MiB and 1,000 records, and delivers at most the one on its way after a pause', async () => {
    await transport.write(
      'writer',
      Array.from({ length: 30 }, () => outbound('t', 0, LARGE_BYTES)),
    );
    await transport.write(
      'writer',
      Array.from({ length: 2_500 }, () => outbound('t', 1, 1)),
    );
    const subscription = await transport.subscribe('g', ['t']);
    const batches: number[][] = [[], []];
    await eachBatch(subscription, ({ partition, records }) => {
      batches[partition]?.push(records.length);
      if (partition === 0) subscription.pause([0]);
      return partition === 1 && records.at(-1)?.offset === 2_499;
    });
    expect(batches).toEqual([[11], [1_000, 1_000, 500]]);
  });

  it('delivers nothing of the former place after a new start', async () => {
    await transport.write(
      'writer',
      Array.from({ length: 50 }, () => outbound('t', 0, LARGE_BYTES)),
    );
    const subscription = await transport.subscribe('g', ['t']);
    const received = new Received(subscription, () => new Map([['t', 40]]));
    await received.until(({ assigned }) => assigned.has(0));
    const before = received.records.length;
    subscription.start(0, new Map([['t', 5]]));
    await received.until(({ records }) => records.length >= before + 45);
    const after = received.records.slice(before).map(({ offset }) => offset);
    expect(after).toEqual(Array.from({ length: 45 }, (_, i) => i + 5));
  });

  it('starts at the end from an offset beyond it', async () => {
    await transport.write('writer', [outbound('t', 0, 1)]);
    const subscription = await transport.subscribe('g', ['t']);
    const received = new Received(subscription, () => new Map([['t', 99]]));
    await received.until(({ assigned }) => assigned.has(0));
    await transport.write('writer', [outbound('t', 0, 1)]);
    expect((await received.take(1, 't', 0)).map(({ offset }) => offset)).toEqual([1]);
  });

  it('brings what was committed together in few batches', async () => {
    const subscription = await transport.subscribe('g', ['t']);
    const batches: number[] = [];
    const all = eachBatch(subscription, ({ records }) => {
      batches.push(records.length);
      return records.at(-1)?.offset === 19;
    });
    const writers = Array.from({ length: 20 }, (_, i) => `writer${i}`);
    await Promise.all(writers.map((writer) => transport.write(writer, [outbound('t', 0, 1)])));
    await all;
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(batches.length).toBeLessThan(10);
  });

  it('takes all pending writes in before it closes, also above what one transaction holds', async () => {
    const large = Array.from({ length: 10 }, () => outbound('t', 0, 1_000_000));
    const writes = Array.from({ length: 6 }, (_, i) => transport.write(`writer${i}`, large));
    await transport.close();
    await Promise.all(writes);
    transport = await EmbeddedTransport.open({ folder, clock: { nowMs: () => 0 } });
    expect((await transport.ranges('t'))[0]?.high).toBe(60);
  });

  it('writes nothing of a call of which one record is refused', async () => {
    const faults: OutboundRecord[] = [
      outbound('t', 2, 1),
      outbound('missing', 0, 1),
      outbound('t', 0, 2_000_000),
      { ...outbound('t', 0, 1), timestampMs: 1.5 },
      { ...outbound('t', 0, 1), timestampMs: Number.NaN },
    ];
    for (const fault of faults) {
      const write = transport.write('writer', [outbound('t', 0, 1), fault]);
      await expect(write).rejects.toMatchObject({ code: 'TRANSPORT_REFUSED' });
    }
    expect((await transport.ranges('t'))[0]).toEqual({ partition: 0, low: 0, high: 0 });
  });
});

type Batch = SubscriptionEvent & { kind: 'records' };

/** Starts whatever is assigned at its beginning and resolves once a batch is said to be the last. */
function eachBatch(subscription: Subscription, isLast: (batch: Batch) => boolean): Promise<void> {
  return new Promise((resolve) => {
    subscription.events.subscribe((event) => {
      if (event.kind === 'records') return isLast(event) ? resolve() : undefined;
      for (const partition of event.partitions) subscription.start(partition, new Map());
    });
  });
}

function topic(name: string, partitions: number): TopicSpec {
  const limits = { retentionMs: -1, retentionBytes: -1, maxRecordBytes: 1_000_000 };
  return { name, partitions, cleanup: 'delete', ...limits };
}

function outbound(name: string, partition: number, size: number): OutboundRecord {
  return {
    topic: name,
    partition,
    key: null,
    value: Buffer.alloc(size, 'v'),
    headers: {},
    timestampMs: 1,
  };
}
