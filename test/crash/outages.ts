import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { ConfluentRegistry } from '../../schemas/confluent-registry.ts';
import { schemaTexts } from '../../schemas/generated/schema-texts.ts';
import { CuttableWay } from '../servers/cuttable-way.ts';
import { type Broker, startRegistry } from '../servers/servers.ts';
import { type Comparison, roundsOfPart } from './comparison.ts';
import type { CrashRun } from './crash-run.ts';
import { join } from './memberships.ts';

const LEADER_AWAY_MS = 5000;
const REGISTRY_AWAY_MS = 30_000;
/** Rounds of a producer whose schema nobody can ask for, and of one that writes as before. */
const NEWER_ROUNDS = 100;
const KNOWN_ROUNDS = 40;
const PAUSED_MS = 60_000;
const PAUSED_PARTITION = 1;
/** Until what was fetched before a pause is through. */
const SETTLE_MS = 3000;

/** Brokers die under load, one after another, and come back: each is the leader of some partitions. */
export function leadersKilled(comparison: Comparison, nodes: readonly Broker[]): Promise<void> {
  return comparison.disturb('leaders', async (run) => {
    const rounds = Math.floor(roundsOfPart(run, nodes.length) / 2);
    for (const node of nodes) {
      const writing = run.write(rounds);
      await sleep(200);
      await node.kill();
      await Promise.all([writing, sleep(LEADER_AWAY_MS)]);
      await Promise.all([node.restart(), run.write(rounds)]);
      await run.idle();
    }
    return `${nodes.length} brokers killed and back`;
  });
}

/**
 * The schema registry is away while a producer begins to write with a schema that only it knows, and while a worker dies
 * and is started again and again.
 */
export async function registryAway(comparison: Comparison): Promise<void> {
  const registry = await startRegistry();
  const way = new CuttableWay(registry.url);
  try {
    const places = { workers: await way.open(), producer: registry.url };
    await comparison.disturb('registry', (run) => withoutRegistry(run, way, registry.url), places);
  } finally {
    await way.cut();
    await registry.stop();
  }
}

async function withoutRegistry(run: CrashRun, way: CuttableWay, url: string): Promise<string> {
  const second = await join(run);
  const newerId = await registerNewer(url, run.topics.prefix);
  await way.cut();
  const cutMs = performance.now();
  await run.write(KNOWN_ROUNDS);
  await run.idle();
  run.producer.becomeNewer(newerId);
  const writing = run.write(NEWER_ROUNDS);
  await second.kill();
  const back = run.supervise();
  await sleep(REGISTRY_AWAY_MS - (performance.now() - cutMs));
  const taken = await run.committed('validate', 'metrics.raw');
  const waiting = (await run.topics.transport.ranges(`${run.topics.prefix}metrics.raw`)).filter(
    ({ partition, high }) => (taken.get(partition) ?? 0) < high,
  );
  await way.open();
  await Promise.all([writing, back]);
  expect(waiting.length).toBeGreaterThan(0);
  return `away ${REGISTRY_AWAY_MS / 1000} s, ${waiting.length} raw partitions waited`;
}

/** Registers raw batches with one field more, past the way that the workers take. */
async function registerNewer(url: string, prefix: string): Promise<number> {
  const schema = JSON.parse(schemaTexts.MetricBatch) as { fields: object[] };
  schema.fields.push({ name: 'site', type: 'string', default: '' });
  const direct = new ConfluentRegistry({ url, prefix, clock: systemClock });
  return await direct.register('MetricBatch', JSON.stringify(schema));
}

/** One partition of every stage is not read for a minute, under load; the others are. */
export function partitionPaused(comparison: Comparison): Promise<void> {
  return comparison.disturb('paused', async (run) => {
    const [worker] = run.workers;
    worker?.pause(PAUSED_PARTITION);
    await sleep(SETTLE_MS);
    const before = await run.committed('detect', 'metrics.enriched');
    const rounds = Math.min(NEWER_ROUNDS, roundsOfPart(run, 1));
    for (let round = 0; round < rounds; round++) {
      await run.write(1);
      await sleep((PAUSED_MS - SETTLE_MS) / rounds);
    }
    const after = await run.committed('detect', 'metrics.enriched');
    worker?.resume(PAUSED_PARTITION);
    for (const [partition, offset] of after) {
      const moved = offset - (before.get(partition) ?? 0);
      if (partition === PAUSED_PARTITION)
        expect({ partition, moved }).toEqual({ partition, moved: 0 });
      else expect(moved).toBeGreaterThan(rounds / 2);
    }
    return `partition ${PAUSED_PARTITION} stood still for ${PAUSED_MS / 1000} s`;
  });
}
