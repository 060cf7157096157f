import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
