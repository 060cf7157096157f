import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notification } from '../schemas/generated/notification.ts';
import { type Receiver, ReceiverSender } from './receiver-io.ts';

const receiver: Receiver = {
  name: 'pager',
  integration: 'file',
  path: 'lines.ndjson',
  sendResolved: true,
  timeoutMs: 5000,
};
const notification = { payload: 'it burns' } as Notification;
const never = new AbortController().signal;
const sent = { state: 'SENT', code: null, canRetry: false };
const timedOut = { state: 'FAILED', code: 'SINK_TIMEOUT', canRetry: true };

/** A sender of which each write waits to be let go. */
function held() {
  const waiting: (() => void)[] = [];
  const append = () => new Promise<void>((resolve) => waiting.push(resolve));
  const sender = new ReceiverSender({ print: () => undefined, folder: '/', append });
  return { sender, waiting };
}

describe('a receiver that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has failed after its time, and fails at once until the attempt has ended', async () => {
    const { sender, waiting } = held();
    const first = sender.send(receiver, notification, never);
    await vi.advanceTimersByTimeAsync(4999);
    expect(await Promise.race([first, 'waits'])).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(await first).toEqual(timedOut);
    expect(await sender.send(receiver, notification, never)).toEqual(timedOut);
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    const second = sender.send(receiver, notification, never);
    waiting[1]?.();
    expect(await second).toEqual(sent);
  });

  it('holds no other receiver up', async () => {
    const { sender, waiting } = held();
    void sender.send(receiver, notification, never);
    const other = sender.send({ ...receiver, name: 'other' }, notification, never);
    waiting[1]?.();
    expect(await other).toEqual(sent);
  });

  it('is left when the worker has no more time', async () => {
    const { sender } = held();
    const stop = new AbortController();
    const attempt = sender.send(receiver, notification, stop.signal);
    stop.abort();
    expect(await attempt).toBeUndefined();
    const late = sender.send({ ...receiver, name: 'other' }, notification, stop.signal);
    expect(await late).toBeUndefined();
  });
});

describe('a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigie-receiver-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gets a line for each notification', async () => {
    const sender = new ReceiverSender({ print: () => undefined, folder });
    for (let i = 0; i < 2; i++)
      expect(await sender.send(receiver, notification, never)).toEqual(sent);
    expect(readFileSync(join(folder, 'lines.ndjson'), 'utf8')).toBe('it burns\nit burns\n');
  });

  it.skipIf(process.platform === 'win32')('that is a pipe is not waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'lines.ndjson')]);
    const sender = new ReceiverSender({ print: () => undefined, folder });
    const result = await sender.send(receiver, notification, never);
    expect(result).toEqual({ state: 'FAILED', code: 'ENXIO', canRetry: true });
  });
});
