import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { EmbeddedTransport } from '../../runtime/embedded/embedded-transport.ts';
import type { FetchedRecord } from '../../runtime/transport.ts';
import { LogWriter, type Told } from './log-writer.ts';

const ROUNDS = 15;

describe('embedded log under kill -9', () => {
  let folder: string;
  let writer: LogWriter | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-crash-'));
  });
  afterEach(async () => {
    await writer?.kill();
    await rm(folder, { recursive: true });
  });

  it(`keeps every acknowledged record and whole transactions over ${ROUNDS} kills`, async () => {
    const moments = fc.sample(fc.integer({ min: 1, max: 400 }), { numRuns: ROUNDS });
    for (const [round, moment] of moments.entries()) {
      writer = new LogWriter(folder);
      await writer.until((_, lines) => lines > moment);
      await writer.kill();
      const context = `round ${round}, killed after line ${moment}`;
      await verify(folder, writer.told, context);
    }
  });

  it('refuses a second process while the first lives, and lets it in once that was killed', async () => {
    writer = new LogWriter(folder);
    await writer.until(({ stage }) => stage !== undefined);
    const second = EmbeddedTransport.open({ folder, clock: systemClock });
    await expect(second).rejects.toMatchObject({
      code: 'LOG_IN_USE',
      detail: `${join(folder, 'log.db')} is in use by process ${writer.child.pid}`,
    });
    await writer.kill();
    await verify(folder, writer.told, 'after the kill');
  });

  it.skipIf(process.platform !== 'linux')(
    'answers a full disk with TRANSPORT_UNAVAILABLE and goes on when there is room',
    async () => {
      writer = new LogWriter(folder, 4_096);
      await writer.until(({ refused }) => refused !== undefined);
      expect(writer.told.refused).toBe('TRANSPORT_UNAVAILABLE');
      const before = { ...writer.told };
      execFileSync('prlimit', ['--pid', String(writer.child.pid), '--fsize=unlimited:unlimited']);
      await writer.until(({ stage = 0 }) => stage > (before.stage ?? 0) + 20);
      await writer.kill();
      await verify(folder, writer.told, 'after the disk was full');
    },
  );
});

/** Opens the log as the next process does and holds it against what was acknowledged. */
async function verify(folder: string, told: Told, context: string): Promise<void> {
  const transport = await EmbeddedTransport.open({ folder, clock: systemClock, trimIntervalMs: 0 });
  try {
    const [range] = await transport.ranges('ingest');
    const { low = 0, high = 0 } = range ?? {};
    expect(high, context).toBeGreaterThan(told.ingest ?? -1);
    const ingested = await readAll(transport, 'ingest', 0);
    expect(ingested.map(keyOf), context).toEqual(
      Array.from({ length: high - low }, (_, i) => `i${low + i}`),
    );

    const committed = (await transport.committed('stage', 'ingest')).get(0) ?? 0;
    expect(committed, context).toBeGreaterThanOrEqual(told.stage ?? 0);
    const written = new Map<string, number>();
    for (const partition of [0, 1, 2, 3]) {
      const records = await readAll(transport, 'out', partition);
      expect(
        records.map(({ offset }) => offset),
        context,
      ).toEqual(records.map((_, i) => i));
      for (const record of records)
        written.set(keyOf(record), (written.get(keyOf(record)) ?? 0) + 1);
    }
    const expected = Array.from(
      { length: committed },
      (_, i) => [`s${i + 1}`, ((i + 1) % 5) + 1] as const,
    );
    expect(written, context).toEqual(new Map(expected));
    const pages = await readAll(transport, 'state', 0);
    expect(
      pages.map(({ value }) => value?.length),
      context,
    ).toEqual(committed === 0 ? [] : [committed]);
  } finally {
    await transport.close();
  }
}

async function readAll(
  transport: EmbeddedTransport,
  topic: string,
  partition: number,
): Promise<FetchedRecord[]> {
  const to = (await transport.ranges(topic))[partition]?.high ?? 0;
  const records: FetchedRecord[] = [];
  for await (const batch of transport.read(topic, partition, 0, { to })) records.push(...batch);
  return records;
}

function keyOf({ key }: FetchedRecord): string {
  return Buffer.from(key ?? []).toString();
}
