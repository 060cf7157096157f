import { Subject } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';
import type {
  FetchedRecord,
  OutboundRecord,
  PartitionOffset,
  Subscription,
  SubscriptionEvent,
  Transport,
} from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Notification } from '../schemas/generated/notification.ts';
import { runNotificationSink } from './notification-sink.ts';
import type { Receiver } from './receiver-io.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sink over one partition on which notifications were planned; `append` is what its receiver does. */
async function startSink(append: () => Promise<void>, planned: number) {
  const events = new Subject<SubscriptionEvent>();
  const written: { outcomes: Notification[]; offsets: readonly PartitionOffset[] }[] = [];
  let closed = false;
  const decode = (value: Uint8Array | null) => {
    const notification = JSON.parse(Buffer.from(value ?? []).toString());
    return { ...notification, id: Uint8Array.from(Object.values(notification.id)) };
  };
  const subscription: Partial<Subscription> = {
    events,
    committed: async () => 0,
    start: () => undefined,
    write: async (records: readonly OutboundRecord[], offsets) => {
      written.push({ outcomes: records.map(({ value }) => decode(value)), offsets });
    },
    close: async () => {
      closed = true;
    },
  };
  const codec = {
    encode: (_: string, value: unknown) => Buffer.from(JSON.stringify(value)),
    decode: (value: Uint8Array) => ({ value: decode(value) }),
  };
  const receiver: Receiver = {
    name: 'pager',
    integration: 'file',
    path: 'lines',
    sendResolved: true,
    timeoutMs: 5000,
  };
  const sink = runNotificationSink({
    transport: { subscribe: async () => subscription } as unknown as Transport,
    codec: codec as unknown as Codec,
    prefix: '',
    clock: systemClock,
    log: createLog('silent'),
    receivers: [receiver],
    outlets: { print: () => undefined, folder: '/', append },
  });
  await vi.advanceTimersByTimeAsync(0);
  events.next({ kind: 'assigned', partitions: [0] });
  await vi.advanceTimersByTimeAsync(0);
  const records = Array.from({ length: planned }, (_, offset): FetchedRecord => {
    const notification = {
      id: [offset],
      receiver: 'pager',
      state: 'PLANNED',
      attempt: 0,
      reason: 'FIRST',
      plannedMs: 0,
      startMs: null,
      payload: 'it burns',
    };
    const value = Buffer.from(JSON.stringify(notification));
    return { offset, key: null, value, headers: {}, timestampMs: 0 };
  });
  events.next({ kind: 'records', topic: 'notifications', partition: 0, records, high: planned });
  await vi.advanceTimersByTimeAsync(0);
  return { sink, written, isClosed: () => closed };
}

it('records a receiver that hangs as failed, and goes on with the next notification', async () => {
  const { written } = await startSink(() => new Promise<void>(() => undefined), 2);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written.map(({ outcomes }) => outcomes[0])).toMatchObject([
    { state: 'FAILED', code: 'SINK_TIMEOUT', attempt: 3, retryAtMs: null },
    { state: 'FAILED', code: 'SINK_TIMEOUT', attempt: 3, retryAtMs: null },
  ]);
  expect(written.map(({ offsets }) => offsets[0]?.offset)).toEqual([1, 2]);
});

it('stops within its grace while a receiver hangs, and leaves that notification planned', async () => {
  const { sink, written, isClosed } = await startSink(() => new Promise<void>(() => undefined), 2);
  const stopped = sink.stop();
  await vi.advanceTimersByTimeAsync(999);
  expect(isClosed()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await stopped;
  expect(isClosed()).toBe(true);
  expect(written).toEqual([]);
});

it('finishes the attempt under way when it ends in time', async () => {
  const gate = Promise.withResolvers<void>();
  const { sink, written } = await startSink(() => gate.promise, 2);
  const stopped = sink.stop();
  await vi.advanceTimersByTimeAsync(500);
  gate.resolve();
  await vi.advanceTimersByTimeAsync(0);
  await stopped;
  expect(written.map(({ outcomes }) => outcomes[0]?.state)).toEqual(['SENT']);
});
