import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Comparison, expectBalance, roundsOfPart } from './comparison.ts';
import { BEYOND_SESSION_MS, type CrashRun } from './crash-run.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Rounds that a worker may take to join, and between two of them while it joins. */
const JOIN_ROUNDS = 60;
const JOIN_DROP_MS = 300;

/** Three workers are replaced one by one. Handed over gracefully, no point is scored twice. */
export function rollingRestart(comparison: Comparison): Promise<void> {
  return comparison.disturb('rolling', async (run) => {
    let members = [...run.workers];
    members.push(await join(run), await join(run));
    const rounds = roundsOfPart(run, 3);
    for (const old of [...members]) {
      const replaced = old.stop().then(() => run.start());
      const [fresh] = await Promise.all([replaced, run.write(rounds)]);
      members = [...members.filter((each) => each !== old), fresh];
    }
    return await allStopped(run);
  });
}

/** One worker becomes more and then one again. */
export function scaled(comparison: Comparison, most: number): Promise<void> {
  return comparison.disturb('scaled', async (run) => {
    while (run.workers.length < most) await join(run);
    const rounds = roundsOfPart(run, most - 1);
    for (const leaving of run.workers.slice(0, -1)) {
      await Promise.all([leaving.stop(), run.write(rounds)]);
    }
    return await allStopped(run);
  });
}

/** A worker halts for longer than its session, loses its partitions, and goes on as if nothing had been. */
export function frozen(comparison: Comparison, times: number): Promise<void> {
  return comparison.disturb('frozen', async (run) => {
    const second = await join(run);
    const pair = [run.workers[0], second] as WorkerProcess[];
    const rounds = Math.floor(roundsOfPart(run, times) / 2);
    for (let time = 0; time < times; time++) {
      const victim = pair[time % 2];
      const writing = run.write(rounds);
      await sleep(300);
      victim?.freeze();
      await Promise.all([writing, sleep(BEYOND_SESSION_MS)]);
      victim?.wake();
      await run.write(rounds);
      await run.idle();
    }
    expect(pair.map((each) => each.hasEnded)).toEqual([false, false]);
    return `halted ${times} times for ${BEYOND_SESSION_MS / 1000} s`;
  });
}

/** Adds a worker under load and resolves when it has scored points of its share. */
export async function join(run: CrashRun): Promise<WorkerProcess> {
  const worker = await run.start();
  // It scores only what is written after it got its share, and how long that takes is the machine’s business.
  for (let round = 0; round < JOIN_ROUNDS && !worker.isAtWork; round++) {
    await run.write(1);
    await sleep(JOIN_DROP_MS);
  }
  await worker.atWork();
  return worker;
}

/** Stops everybody as an operator would: then all that came in must be in the figures. */
async function allStopped(run: CrashRun): Promise<string> {
  await run.idle();
  await Promise.all(run.living.map((each) => each.stop()));
  expectBalance(run.workers);
  return `${run.workers.length} workers, all stopped in order, their counters balance`;
}
