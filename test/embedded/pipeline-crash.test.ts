import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { openTransport } from '../../pipelines/open-transport.ts';
import { createLog } from '../../runtime/log.ts';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { enrichedPoints } from '../support/enriched-points.ts';
import { anomalyLines, type PipelineTopics } from '../support/pipeline-reading.ts';
import { randomFrom } from '../support/random.ts';
import { CRASH_FLEET, crashSettings } from './crash-fleet.ts';

const KILLS = 20;
const folder = mkdtempSync(join(tmpdir(), 'vigie-pipeline-crash-'));
const fixture = fileURLToPath(new URL('./pipeline.fixture.ts', import.meta.url));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A worker process: where it has got to, and how it ends. */
class Worker {
  readonly child: ChildProcess;
  acknowledged: number;
  idle = false;
  readonly #ended: Promise<unknown>;

  constructor(name: string, firstRound: number) {
    this.acknowledged = firstRound - 1;
    const args = [fixture, join(folder, name), String(firstRound)];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.child, 'close');
    if (this.child.stdout === null) throw new Error('no standard output');
    createInterface(this.child.stdout).on('line', (line) => {
      if (line === 'idle') this.idle = true;
      else this.acknowledged = Number(line.split(' ')[1]);
    });
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  async end(): Promise<void> {
    await this.#ended;
    expect(this.child.exitCode).toBe(0);
  }
}

async function withTopics<T>(
  name: string,
  read: (topics: PipelineTopics) => Promise<T>,
): Promise<T> {
  const root = join(folder, name);
  const { options: config } = loadConfig({ cwd: root, environment: {}, set: crashSettings(root) });
  const transport = await openTransport(config, createLog('error'));
  const codec = new Codec(await registerRecords(new FileRegistry()));
  try {
    return await read({ transport, codec, prefix: config.topics.prefix });
  } finally {
    await transport.close();
  }
}

describe('a worker killed with -9', () => {
  it(`loses nothing and counts nothing twice over ${KILLS} kills in a million points`, async () => {
    const undisturbed = new Worker('undisturbed', 0);
    await undisturbed.end();
    const expected = await withTopics('undisturbed', anomalyLines);
    expect(expected.length).toBeGreaterThan(1000);

    const random = randomFrom(5);
    let acknowledged = -1;
    for (let kill = 0; kill < KILLS; kill++) {
      const worker = new Worker('killed', acknowledged + 1);
      await sleep(300 + 1400 * random());
      await worker.kill();
      acknowledged = worker.acknowledged;
    }
    const last = new Worker('killed', acknowledged + 1);
    await last.end();
    expect(last.idle).toBe(true);

    await withTopics('killed', async (topics) => {
      const { times, repeated } = await enrichedPoints(topics);
      expect(repeated).toBe(0);
      const { series, rounds, stepMs } = CRASH_FLEET;
      expect(times.size).toBe(series);
      const start = Date.UTC(2026, 0, 5);
      const everyRound = Array.from({ length: rounds }, (_, round) => start + round * stepMs);
      for (const all of times.values()) expect([...all]).toEqual(everyRound);
      const lines = new Set(await anomalyLines(topics));
      expect(expected.filter((line) => !lines.has(line)).slice(0, 5)).toEqual([]);
      expect(lines.size).toBe(expected.length);
    });
  });
});
