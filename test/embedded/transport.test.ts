import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import type { OpenedTransport } from '../conformance/fixtures.ts';
import { transportConformance } from '../conformance/transport.conformance.ts';

async function open(recentBytes: number): Promise<OpenedTransport> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-log-'));
  const start = (): Promise<EmbeddedTransport> =>
    EmbeddedTransport.open({ folder, clock: systemClock, recentBytes });
  let transport = await start();
  return {
    transport,
    reopen: async () => {
      await transport.close();
      transport = await start();
      return transport;
    },
    dispose: async () => {
      await transport.close();
      await rm(folder, { recursive: true });
    },
  };
}

transportConformance('embedded, readers served from memory', () => open(32 * 1024 * 1024));
transportConformance('embedded, readers served from the file', () => open(0));

it('keeps its order where records came while nobody followed', async () => {
  const { transport, dispose } = await open(32 * 1024 * 1024);
  const topic = { name: 't', partitions: 1, cleanup: 'delete', retentionMs: Infinity } as const;
  await transport.ensureTopics([{ ...topic, retentionBytes: Infinity, maxRecordBytes: 1024 }]);
  const write = (text: string): Promise<void> => {
    const value = Buffer.from(text);
    return transport.write('writer', [
      { topic: 't', partition: 0, key: null, value, headers: {}, timestampMs: 0 },
    ]);
  };
  const readFrom = async (from: number, to: number): Promise<string[]> => {
    const read: string[] = [];
    for await (const records of transport.read('t', 0, from, { to }))
      read.push(...records.map(({ value }) => String(value)));
    return read;
  };
  for (const [offset, text] of ['a', 'b', 'c', 'd'].entries()) {
    const isFollowed = text === 'a' || text === 'd';
    const following = isFollowed ? readFrom(offset, offset + 1) : Promise.resolve([text]);
    await write(text);
    expect(await following).toEqual([text]);
  }
  for (const from of [0, 1, 2, 3]) {
    expect(await readFrom(from, 4)).toEqual(['a', 'b', 'c', 'd'].slice(from));
  }
  await dispose();
});
