import { beforeAll, describe, expect, it } from 'vitest';
import { feedbackCommand, targetOf } from '../../cli/feedback-command.ts';
import { idHex } from '../../operators/stable-id.ts';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { partitionOfText } from '../../schemas/identity.ts';
import { randomFrom } from '../support/random.ts';
import { rawBatch } from '../support/raw-batch.ts';
import { TopologyDriver } from '../support/topology-driver.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const ROUNDS = 1800;
const ROUNDS_PER_RECORD = 50;
/** Feedback acts from here on, and is taken back there. */
const MARKED_ROUND = 650;
const BACK_ROUND = 1250;
/** What opened before may hold back what follows, so long. */
const REFRACTORY_ROUNDS = 60;
const HOSTS = 6;
const LIMIT_MS = 120_000;

const timeOf = (round: number): number => START_MS + round * MINUTE_MS;

/** Noise with a hump now and then that is no news to anybody. */
function valuesOf(seed: number): number[] {
  const random = randomFrom(seed);
  let hump = 0;
  return Array.from({ length: ROUNDS }, () => {
    const noise = random() + random() + random() + random() - 2;
    if (random() < 0.004) hump = 3.5 + 4.5 * random();
    hump *= 0.8;
    return 100 + noise + hump;
  });
}

const fleet = ['load', 'heat'].flatMap((name, n) =>
  Array.from({ length: HOSTS }, (_, host) => ({
    name,
    labels: { host: `h${host}` },
    values: valuesOf(1000 * n + host + 1),
  })),
);

function sendRounds(driver: TopologyDriver, from: number): void {
  for (const tenant of ['shop', 'bank']) {
    const series = fleet.map(({ name, labels, values }) => ({
      name,
      labels,
      points: Array.from(
        { length: ROUNDS_PER_RECORD },
        (_, i) => [timeOf(from + i), values[from + i] ?? 0] as const,
      ),
    }));
    const record = rawBatch(series, { tenant });
    driver.send('metrics.raw', 0, 'MetricBatch', record, timeOf(from + ROUNDS_PER_RECORD));
  }
}

interface Run {
  readonly recordsPerCall?: number;
  /** Called before the record that begins with a round. */
  readonly before?: (driver: TopologyDriver, round: number) => Promise<void> | void;
}

/** Sensitive, so that there is something to complain of. */
async function runFleet({ before, ...setup }: Run = {}): Promise<TopologyDriver> {
  const driver = await TopologyDriver.open({ ...setup, set: ['detect.sensitivity=0.95'] });
  for (let round = 0; round < ROUNDS; round += ROUNDS_PER_RECORD) {
    await before?.(driver, round);
    sendRounds(driver, round);
    await driver.run();
  }
  driver.silence(timeOf(ROUNDS) + 3_600_000);
  await driver.run();
  return driver;
}

const opened = (driver: TopologyDriver): Anomaly[] =>
  driver.read('anomalies', 'Anomaly').filter(({ phase }) => phase === 'OPEN');

/** Episodes that opened in `[from, to)`, by id: what was seen and said of them. */
function openings(driver: TopologyDriver, from: number, to: number, tenant = 'shop') {
  return opened(driver)
    .filter((each) => each.tenant === tenant)
    .filter(({ startMs }) => startMs >= timeOf(from) && startMs < timeOf(to))
    .map(({ id, metric, score, tier, threshold, value, expected, members }) => ({
      id: idHex(id),
      metric,
      score,
      tier,
      threshold,
      value,
      expected,
      members,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Says of the first openings of `load` of a tenant that they were false, or takes it back. */
function speak(driver: TopologyDriver, from: Anomaly[], verdict: 'FALSE_ALARM' | null): void {
  const effectiveFromMs = timeOf(verdict === null ? BACK_ROUND : MARKED_ROUND);
  for (const anomaly of from) {
    const target = targetOf(anomaly);
    if (target === undefined) throw new Error('no series');
    const words = { verdict, author: 'ada', comment: '', effectiveFromMs };
    const command = feedbackCommand(target, words);
    const partition = partitionOfText(anomaly.tenant, driver.partitions);
    driver.send('commands', partition, 'Command', command, effectiveFromMs);
  }
}

describe('feedback', () => {
  let calm: TopologyDriver;
  let marked: Anomaly[];
  let told: TopologyDriver;

  /** Marks when the time has come, and takes the marks back later. */
  const before = (driver: TopologyDriver, round: number): void => {
    if (round === MARKED_ROUND) speak(driver, marked, 'FALSE_ALARM');
    if (round === BACK_ROUND) speak(driver, marked, null);
  };

  beforeAll(async () => {
    calm = await runFleet();
    marked = opened(calm)
      .filter(({ tenant, metric }) => tenant === 'shop' && metric === 'load')
      .filter(({ startMs }) => startMs < timeOf(MARKED_ROUND))
      .slice(0, 20);
    told = await runFleet({ before });
  }, LIMIT_MS);

  it('holds back what is like it, and nothing that is critical', () => {
    const load = (driver: TopologyDriver) =>
      openings(driver, MARKED_ROUND, BACK_ROUND).filter(({ metric }) => metric === 'load');
    expect(marked.length).toBeGreaterThan(7);
    expect(load(told).length).toBeLessThan(load(calm).length);
    for (const { score, threshold } of load(told)) {
      expect(threshold).toBeGreaterThan(1.05);
      expect(score).toBeGreaterThanOrEqual(threshold);
    }
    const critical = load(calm).filter(({ score }) => score >= 2);
    const ids = load(told).map(({ id }) => id);
    for (const { id } of critical) expect(ids).toContain(id);
  });

  it('touches no other tenant, and no other metric', () => {
    expect(openings(calm, 0, ROUNDS, 'bank').length).toBeGreaterThan(10);
    expect(openings(told, 0, ROUNDS, 'bank')).toEqual(openings(calm, 0, ROUNDS, 'bank'));
    const heat = (driver: TopologyDriver) =>
      openings(driver, 0, ROUNDS).filter(({ metric }) => metric === 'heat');
    expect(heat(told)).toEqual(heat(calm));
  });

  it('leaves nothing behind once it is taken back: same episodes, same scores to the bit', () => {
    const late = (driver: TopologyDriver) =>
      openings(driver, BACK_ROUND + REFRACTORY_ROUNDS, ROUNDS);
    expect(late(calm).length).toBeGreaterThan(10);
    expect(late(told)).toEqual(late(calm));
  });

  it('says on `decisions` what became of each mark, and what it held back', () => {
    const decisions = told.read('decisions', 'Decision').filter(({ stage }) => stage === 'detect');
    const marks = decisions.filter(({ kind }) => kind === 'FEEDBACK');
    expect(marks).toHaveLength(2 * marked.length);
    expect(marks.map(({ outcome }) => outcome)).toEqual(marks.map(() => 'taken'));
    expect(marks[0]).toMatchObject({
      tenant: 'shop',
      code: 'FALSE_ALARM',
      subjectId: idHex(marked[0]?.id ?? new Uint8Array()),
      actor: { type: 'PERSON', id: 'ada' },
    });
    const { levelBefore, levelAfter } = marks[0]?.inputs ?? {};
    expect(levelAfter).toBeGreaterThan(levelBefore ?? 0);
    const held = decisions.filter(({ kind }) => kind === 'SUPPRESS');
    expect(held.length).toBeGreaterThan(0);
    for (const { tenant, code, outcome, examples } of held) {
      expect({ tenant, code, outcome, example: examples[0] }).toEqual({
        tenant: 'shop',
        code: 'FEEDBACK',
        outcome: 'held',
        example: 'load',
      });
    }
    const spoken = ['FEEDBACK', 'SUPPRESS', 'OPEN'];
    const ofCalm = calm.read('decisions', 'Decision').filter(({ stage }) => stage === 'detect');
    expect(ofCalm.filter(({ kind }) => spoken.includes(kind))).toEqual([]);
  });

  it(
    'acts from its own time on, however early it came and however points were cut',
    async () => {
      const early = await runFleet({
        recordsPerCall: 7,
        before: (driver, round) => {
          if (round === 0) speak(driver, marked, null);
          if (round === 0) speak(driver, marked, 'FALSE_ALARM');
        },
      });
      expect(openings(early, 0, ROUNDS)).toEqual(openings(told, 0, ROUNDS));
    },
    LIMIT_MS,
  );

  it(
    'is part of the state: crashes change nothing',
    async () => {
      const random = randomFrom(3);
      let crashes = 0;
      const crashed = await runFleet({
        recordsPerCall: 3,
        before: async (driver, round) => {
          before(driver, round);
          if (random() < 0.3) await driver.run(Math.floor(random() * 9));
          if (random() < 0.15) await driver.checkpoint();
          if (random() > 0.5) return;
          driver.crash();
          crashes += 1;
        },
      });
      expect(crashes).toBeGreaterThan(5);
      const distinct = new Map(openings(crashed, 0, ROUNDS).map((each) => [each.id, each]));
      expect([...distinct.values()]).toEqual(openings(told, 0, ROUNDS));
      const marks = crashed.read('decisions', 'Decision').filter(({ kind }) => kind === 'FEEDBACK');
      expect(new Set(marks.map(({ id }) => id)).size).toBe(2 * marked.length);
    },
    LIMIT_MS,
  );
});
