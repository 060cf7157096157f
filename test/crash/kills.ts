import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FailPointName } from '../../runtime/fail-point.ts';
import { type Comparison, roundsOfPart } from './comparison.ts';
import type { CrashRun } from './crash-run.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Rounds that lie before a worker when it starts. */
const BACKLOG_ROUNDS = 40;
/** Long enough for a round to be a write of its own in every stage. */
const DROP_MS = 60;

/** A fail point, the stage in which it counts, and its how-manieth passage ends the worker. */
export type Place = readonly [name: FailPointName, stage: string, passage: number];

/** One worker after another ends at its place. */
export function killedAt(comparison: Comparison, places: readonly Place[]): Promise<void> {
  const name = [...new Set(places.map(([place]) => place))].join('-');
  return comparison.disturb(name, async (run) => {
    await run.killAll();
    const hits: string[] = [];
    const rounds = roundsOfPart(run, places.length);
    for (const [place, stage, passage] of places) {
      const backlog = Math.min(BACKLOG_ROUNDS, Math.floor(rounds / 2));
      await run.write(backlog);
      const worker = await run.start(`${place}/${stage}:${passage}`);
      await worker.atWork();
      await dropUntilEnded(run, worker, rounds - backlog);
      await worker.ended();
      hits.push(...worker.hits);
    }
    return expectHits(hits, places.length);
  });
}

/** The only worker is to hand over to a second one and ends in it; then the second to a third … */
export function killedWhileRevoked(comparison: Comparison, times: number): Promise<void> {
  return comparison.disturb('revoked', async (run) => {
    await run.killAll();
    let holder = await run.start('revoked:1');
    const hits: string[] = [];
    const rounds = roundsOfPart(run, times);
    for (let time = 0; time < times; time++) {
      await Promise.all([run.write(Math.floor(rounds / 2)), holder.atWork()]);
      const next = run.start(time === times - 1 ? undefined : 'revoked:1');
      await Promise.all([run.write(Math.floor(rounds / 2)), next]);
      await holder.ended();
      hits.push(...holder.hits);
      holder = await next;
    }
    return expectHits(hits, times);
  });
}

/** Drop by drop: a backlog would go through in fewer writes than the passages that are waited for. */
async function dropUntilEnded(run: CrashRun, worker: WorkerProcess, most: number): Promise<void> {
  for (let round = 0; round < most && !worker.hasEnded; round++) {
    await run.write(1, 1);
    await sleep(DROP_MS);
  }
}

/** Says where workers ended, once all did where they were to. */
function expectHits(hits: readonly string[], times: number): string {
  expect(hits).toHaveLength(times);
  // `fail point <name> hit in <stage>`
  const places = hits.map((hit) => hit.split(' ').slice(5).join(' '));
  return `hit ${hits.length} times: ${places.join(', ')}`;
}
