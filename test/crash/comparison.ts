import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Fleet, type FleetSetup, makeFleet } from '../support/fleet.ts';
import { CrashRun, type CrashRunSetup, type Servers } from './crash-run.ts';
import { expectSameOutcome, type Outcome } from './outcome.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Rounds after which every series is past `cold`, and rounds that a fresh worker scores after everything. */
const WARM_ROUNDS = 250;
const LAST_ROUNDS = 80;
/** Longer than the interval of checkpoints: what was scored before is saved. */
const CHECKPOINT_MS = 2500;

/** The fleet of the suite: three tenants, so that three partitions correlate. */
export const SUITE_FLEET: FleetSetup = {
  seed: 23,
  series: 640,
  hosts: 160,
  tenants: ['default', 'north', 'south'],
  rounds: 700,
  stepMs: 20_000,
  faultEvery: 50,
  growth: 0.8,
};

/** The fleet of the short form. */
export const SHORT_FLEET: FleetSetup = { ...SUITE_FLEET, series: 60, hosts: 30, rounds: 480 };

/** An undisturbed run on one set of servers, and disturbed ones that are compared with it. */
export class Comparison {
  readonly #servers: Servers;
  readonly #fleet: Fleet;
  readonly #expected: Outcome;
  #runs = 0;

  private constructor(servers: Servers, fleet: Fleet, expected: Outcome) {
    this.#servers = servers;
    this.#fleet = fleet;
    this.#expected = expected;
  }

  /** Makes the undisturbed run: one worker, stopped as an operator would. */
  static async open(servers: Servers, setup: FleetSetup = SUITE_FLEET): Promise<Comparison> {
    const fleet = makeFleet(setup);
    const run = await CrashRun.open({ servers, name: 'undisturbed', fleet });
    const startMs = performance.now();
    try {
      const worker = await run.start();
      await run.write(fleet.rounds);
      await run.finish();
      await worker.stop();
      const outcome = await run.outcome();
      print(servers, 'undisturbed', startMs, outcome);
      expect(outcome.repeated).toBe(0);
      expect([outcome.series, outcome.points]).toEqual([setup.series, run.producer.points]);
      expect(outcome.deadLetters).toBe(run.producer.garbage);
      expect(Math.min(outcome.episodes, outcome.incidentIds)).toBeGreaterThan(0);
      expectBalance([worker]);
      return new Comparison(servers, fleet, outcome);
    } finally {
      await run.close();
    }
  }

  /** What the undisturbed run left. */
  get expected(): Outcome {
    return this.#expected;
  }

  /**
   * One worker warms the fleet up; then comes the disturbance; then everything that runs is killed and a fresh worker
   * goes on from what was saved. No worker after the warm-up may hold a cold series.
   *
   * @param disturbance what is done to the run; returns what else there is to say about it.
   */
  async disturb(
    name: string,
    disturbance: (run: CrashRun) => Promise<string | undefined>,
    registry?: CrashRunSetup['registry'],
  ): Promise<void> {
    this.#runs += 1;
    const run = await CrashRun.open({
      servers: this.#servers,
      name: `${name}-${this.#runs}`,
      fleet: this.#fleet,
      ...(registry === undefined ? {} : { registry }),
    });
    const startMs = performance.now();
    try {
      const first = await run.start();
      await run.write(WARM_ROUNDS);
      await run.idle();
      await sleep(CHECKPOINT_MS);
      const remark = await disturbance(run);
      if (run.living.length === 0) await run.start();
      await run.write(run.producer.roundsLeft - LAST_ROUNDS);
      await run.killAll();
      await Promise.all([run.start(), run.write(run.producer.roundsLeft)]);
      await run.finish();
      const outcome = await run.outcome();
      print(this.#servers, name, startMs, outcome, remark);
      expectSameOutcome(outcome, this.#expected);
      const later = run.workers.filter((each) => each !== first);
      expect(later.map((each) => each.mostCold)).toEqual(later.map(() => 0));
    } catch (error) {
      for (const [number, { log }] of run.workers.entries()) {
        for (const line of log) process.stderr.write(`crash: ${name}: worker ${number}: ${line}\n`);
      }
      throw error;
    } finally {
      await run.close();
    }
  }
}

/** Rounds of each of so many parts of a disturbance. */
export function roundsOfPart(run: CrashRun, parts: number): number {
  return Math.max(1, Math.floor((run.producer.roundsLeft - LAST_ROUNDS) / parts));
}

/** In = out + dead-lettered + counted, in every stage that counts points, over workers that finished by themselves. */
export function expectBalance(workers: readonly WorkerProcess[]): void {
  for (const stage of ['validate', 'enrich', 'detect']) {
    const sum = (prefix: string): number =>
      workers.reduce((total, each) => total + each.sum(stage, prefix), 0);
    const ends =
      sum('points_out_total') + sum('points_dead_lettered_total') + sum('points_dropped_total');
    expect({ stage, points: ends }).toEqual({ stage, points: sum('points_in_total') });
    expect(sum('points_in_total')).toBeGreaterThan(0);
  }
}

function print(
  { client }: Servers,
  name: string,
  startMs: number,
  outcome: Outcome,
  remark?: string,
): void {
  const { points, repeated, anomalies, episodes, alerts, incidents, incidentIds } = outcome;
  const said = [
    `${points} points, ${repeated} of them twice on enriched`,
    `${episodes} anomalies in ${anomalies.length} records`,
    `${alerts.length} records of alerts`,
    `${incidentIds} incidents in ${incidents.length} records`,
    ...(remark === undefined ? [] : [remark]),
    `${Math.round((performance.now() - startMs) / 1000)} s`,
  ];
  process.stderr.write(`crash: ${client ?? 'default client'}: ${name}: ${said.join('; ')}\n`);
}
