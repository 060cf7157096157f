import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import { Received } from '../conformance/received.ts';

it('ends events and readers with LOG_UNREADABLE when the file is damaged under it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-damage-'));
  const options = { folder, clock: { nowMs: () => 0 }, recentBytes: 0, trimIntervalMs: 0 };
  const limits = { retentionMs: -1, retentionBytes: -1, maxRecordBytes: 1_000_000 };
  const first = await EmbeddedTransport.open(options);
  await first.ensureTopics([{ name: 't', partitions: 1, cleanup: 'delete', ...limits }]);
  const value = Buffer.alloc(100_000, 'v');
  const record = { topic: 't', partition: 0, key: null, value, headers: {}, timestampMs: 0 };
  await first.write(
    'writer',
    Array.from({ length: 100 }, () => record),
  );
  await first.close();
  // Reopened, so that nothing of it is cached.
  const transport = await EmbeddedTransport.open(options);
  const file = join(folder, 'log.db');
  const { size } = await stat(file);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(size / 2), 0, undefined, size / 2);
  await handle.close();
  const subscription = await transport.subscribe('g', ['t']);
  const received = new Received(subscription);
  await expect(received.until(() => false)).rejects.toMatchObject({
    code: 'LOG_UNREADABLE',
    fate: 'stop',
  });
  const read = async (): Promise<void> => {
    for await (const batch of transport.read('t', 0, 0)) expect(batch.length).toBeGreaterThan(0);
  };
  await expect(read()).rejects.toMatchObject({ code: 'LOG_UNREADABLE' });
  await transport.close();
  await rm(folder, { recursive: true });
});
