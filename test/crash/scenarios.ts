import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FailPointName } from '../../runtime/fail-point.ts';
import type { Broker } from '../servers/servers.ts';
import { type Fleet, type FleetSetup, makeFleet } from '../support/fleet.ts';
import { type Brokers, CrashRun, expectUndisturbed, type Outcome } from './crash-run.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Rounds after which every series is past `cold`, and rounds that a fresh worker scores after everything. */
const WARM_ROUNDS = 250;
const LAST_ROUNDS = 80;
/** Longer than the interval of checkpoints: what was scored before is saved. */
const CHECKPOINT_MS = 2500;
/** Long enough for a round to be a write of its own in every stage. */
const DROP_MS = 100;
/** Rounds that a worker may take to join a frozen pair, and between two of them while it joins. */
const JOIN_ROUNDS = 60;
const JOIN_DROP_MS = 700;
/** Longer than the session time-out of the runs. */
const BEYOND_SESSION_MS = 9000;

/** The fleet of the suite. */
export const SUITE_FLEET: FleetSetup = {
  seed: 23,
  series: 150,
  rounds: 700,
  stepMs: 60_000,
  faultEvery: 100,
};

/** A fail point, the stage in which it counts, and its how-manieth passage ends the worker. */
export type Place = readonly [name: FailPointName, stage: string, passage: number];

/** Scenarios on one set of brokers, each compared with the same undisturbed run. */
export class Scenarios {
  readonly #where: Brokers;
  readonly #fleet: Fleet;
  readonly #expected: Outcome;
  #runs = 0;

  private constructor(where: Brokers, fleet: Fleet, expected: Outcome) {
    this.#where = where;
    this.#fleet = fleet;
    this.#expected = expected;
  }

  /** Makes the undisturbed run that all others are compared with: one worker, stopped as an operator would. */
  static async open(where: Brokers, setup: FleetSetup = SUITE_FLEET): Promise<Scenarios> {
    const fleet = makeFleet(setup);
    const run = await CrashRun.open(where, 'undisturbed', fleet);
    try {
      const worker = await run.start();
      await run.write(fleet.rounds);
      await run.idle();
      await worker.stop();
      const outcome = await run.outcome();
      expect(outcome.repeated).toBe(0);
      expect(outcome.points).toBe(setup.series * setup.rounds);
      expect(outcome.deadLetters).toBe(run.garbage);
      expectBalance([worker]);
      print('undisturbed', `${outcome.anomalies.length} anomaly records, ${outcome.points} points`);
      return new Scenarios(where, fleet, outcome);
    } finally {
      await run.close();
    }
  }

  /** Anomaly records of the undisturbed run. */
  get anomalies(): number {
    return this.#expected.anomalies.length;
  }

  /** One worker after another ends at its place, in the given stage, at the given passage of it. */
  killedAt(places: readonly Place[]): Promise<void> {
    const name = [...new Set(places.map(([place]) => place))].join('-');
    return this.#disturb(name, async (run) => {
      await run.killAll();
      const hits: string[] = [];
      const rounds = this.#share(run, places.length);
      for (const [place, stage, passage] of places) {
        const failPoint = `${place}/${stage}:${passage}`;
        const half = Math.floor(rounds / 2);
        const [worker] = await Promise.all([run.start(failPoint), run.write(half)]);
        await worker.atWork();
        // Drop by drop: a backlog would go through in fewer writes than the passages that are waited for.
        for (let round = half; round < rounds; round++) {
          await run.write(1);
          if (!worker.hasEnded) await sleep(DROP_MS);
        }
        await worker.ended();
        hits.push(...worker.hits);
      }
      this.#expectHits(name, hits, places.length);
    });
  }

  /** The only worker is to hand over to a second one and ends in it; then the second to a third … */
  killedWhileRevoked(times: number): Promise<void> {
    return this.#disturb('revoked', async (run) => {
      await run.killAll();
      let holder = await run.start('revoked:1');
      const hits: string[] = [];
      const rounds = this.#share(run, times);
      for (let time = 0; time < times; time++) {
        await Promise.all([run.write(Math.floor(rounds / 2)), holder.atWork()]);
        const next = run.start(time === times - 1 ? undefined : 'revoked:1');
        await Promise.all([run.write(Math.floor(rounds / 2)), next]);
        await holder.ended();
        hits.push(...holder.hits);
        holder = await next;
      }
      this.#expectHits('revoked', hits, times);
    });
  }

  /** Brokers die under load, one after another, and come back: each is the leader of some partitions. */
  brokersKilled(nodes: readonly Broker[]): Promise<void> {
    return this.#disturb('brokers', async (run) => {
      const rounds = Math.floor(this.#share(run, nodes.length) / 2);
      for (const node of nodes) {
        const writing = run.write(rounds);
        await sleep(200);
        await node.kill();
        await Promise.all([writing, sleep(5000)]);
        await Promise.all([node.restart(), run.write(rounds)]);
        await run.idle();
      }
    });
  }

  /** Three workers are replaced one by one. Handed over gracefully, no point is scored twice. */
  rollingRestart(): Promise<void> {
    return this.#disturb('rolling', async (run) => {
      let members = [...run.workers];
      const rounds = this.#share(run, 5);
      for (const name of ['second', 'third']) {
        members.push(await this.#join(run, rounds));
        print('rolling', `the ${name} worker scores`);
      }
      for (const old of [...members]) {
        const replaced = old.stop().then(() => run.start());
        const [fresh] = await Promise.all([replaced, run.write(rounds)]);
        members = [...members.filter((each) => each !== old), fresh];
      }
      await run.idle();
      await Promise.all(members.map((each) => each.stop()));
      expectBalance(run.workers);
    });
  }

  /** One worker becomes more and then one again. */
  scaled(most: number): Promise<void> {
    return this.#disturb('scaled', async (run) => {
      const rounds = this.#share(run, 2 * (most - 1));
      while (run.workers.length < most) {
        await this.#join(run, rounds);
      }
      for (const leaving of run.workers.slice(0, -1)) {
        await Promise.all([leaving.stop(), run.write(rounds)]);
      }
      await run.idle();
      await run.workers.at(-1)?.stop();
      expectBalance(run.workers);
    });
  }

  /** A worker halts for longer than its session, loses its partitions, and goes on as if nothing had been. */
  frozen(times: number): Promise<void> {
    return this.#disturb('frozen', async (run) => {
      const [first] = run.workers;
      const second = await this.#join(run, JOIN_ROUNDS);
      const pair = [first, second] as WorkerProcess[];
      const rounds = Math.floor(this.#share(run, times) / 2);
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
    });
  }

  /**
   * One worker warms the fleet up; then comes the disturbance; then everything that runs is killed and a fresh worker
   * goes on from what was saved. No worker after the warm-up may hold a cold series.
   */
  async #disturb(name: string, disturbance: (run: CrashRun) => Promise<void>): Promise<void> {
    this.#runs += 1;
    const run = await CrashRun.open(this.#where, `${name}-${this.#runs}`, this.#fleet);
    const startMs = performance.now();
    try {
      const first = await run.start();
      await run.write(WARM_ROUNDS);
      await run.idle();
      await sleep(CHECKPOINT_MS);
      await disturbance(run);
      await run.write(run.roundsLeft - LAST_ROUNDS);
      await run.killAll();
      await Promise.all([run.start(), run.write(run.roundsLeft)]);
      await run.idle();
      const outcome = await run.outcome();
      const seconds = Math.round((performance.now() - startMs) / 1000);
      const repeats = `${outcome.repeated} points repeated on enriched`;
      print(name, `${outcome.anomalies.length} anomaly records, ${repeats}, ${seconds} s`);
      expectUndisturbed(run, outcome, this.#expected);
      const later = run.workers.filter((each) => each !== first);
      expect(later.map((each) => each.mostCold)).toEqual(later.map(() => 0));
    } finally {
      await run.close();
    }
  }

  /** Adds a worker under load and resolves when it has scored points of its share, and all the rounds are written. */
  async #join(run: CrashRun, rounds: number): Promise<WorkerProcess> {
    const worker = await run.start();
    let left = rounds;
    // It scores only what is written after it got its share, and how long that takes is the machine’s business.
    for (; left > 1 && !worker.isAtWork; left--) {
      await run.write(1);
      await sleep(JOIN_DROP_MS);
    }
    await Promise.all([run.write(left), worker.atWork()]);
    return worker;
  }

  #expectHits(name: string, hits: readonly string[], times: number): void {
    print(
      name,
      `hit ${hits.length} times: ${hits.map((hit) => hit.split(' ').slice(2).join(' ')).join(', ')}`,
    );
    expect(hits).toHaveLength(times);
  }

  /** Rounds of each of so many parts of a disturbance. */
  #share(run: CrashRun, parts: number): number {
    return Math.max(1, Math.floor((run.roundsLeft - LAST_ROUNDS) / parts));
  }
}

/** In = out + dead-lettered + counted, in every stage that counts points, over workers that finished by themselves. */
function expectBalance(workers: readonly WorkerProcess[]): void {
  for (const stage of ['validate', 'enrich', 'detect']) {
    const sum = (prefix: string): number =>
      workers.reduce((total, each) => total + each.sum(stage, prefix), 0);
    const ends =
      sum('points_out_total') + sum('points_dead_lettered_total') + sum('points_dropped_total');
    expect({ stage, points: ends }).toEqual({ stage, points: sum('points_in_total') });
    expect(sum('points_in_total')).toBeGreaterThan(0);
  }
}

function print(name: string, text: string): void {
  process.stderr.write(`crash: ${name}: ${text}\n`);
}
