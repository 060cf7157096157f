import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import { closing, exampleAnomaly } from './anomaly.fixture.ts';
import { CorrelationLog, loneTask, saveInto } from './correlation-log.fixture.ts';
import { Correlator, type CorrelatorTask } from './correlator.ts';
import { type CorrelateOptions, correlateOptions } from './options.ts';

const SECOND = 1000;

type Step =
  | { readonly kind: 'anomaly'; readonly source: number; readonly anomaly: Anomaly }
  | { readonly kind: 'tick'; readonly source: number; readonly atMs: number };

const options: CorrelateOptions = correlateOptions.parse({
  windowMs: 60 * SECOND,
  resolveDelayMs: 10 * SECOND,
  expireAfterMs: 300 * SECOND,
  updateIntervalMs: 5 * SECOND,
  minMembers: 2,
  repeatHorizonMs: 120 * SECOND,
});
// No partition may be given up here: that is what makes signals late.
const task: CorrelatorTask = {
  partition: 7,
  sources: 3,
  terms: { ...loneTask.terms, failoverTimeoutMs: 24 * 3600 * SECOND },
};
const tight: CorrelateOptions = { ...options, maxAlerts: 4, maxBufferedSignals: 5, maxEpisodes: 6 };

const episode = fc.record({
  gapSeconds: fc.integer({ min: 0, max: 90 }),
  lengthSeconds: fc.integer({ min: 1, max: 60 }),
  series: fc.integer({ min: 0, max: 2 }),
  host: fc.constantFrom('web-1', 'web-2'),
  isCritical: fc.boolean(),
  isHistorical: fc.constantFrom(false, false, true),
  climbs: fc.boolean(),
  closes: fc.constantFrom(true, true, true, false),
  ticks: fc.boolean(),
});
type Episode = typeof episode extends fc.Arbitrary<infer T> ? T : never;

/** What one partition of DETECT writes: episodes of a few series, in order, with ticks between. */
function sourceSteps(source: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(episode, { minLength: 0, maxLength: 8 }).map((episodes) => {
    const steps: Step[] = [];
    let atMs = 0;
    for (const each of episodes) {
      const startMs = atMs + each.gapSeconds * SECOND + 1;
      atMs = startMs + each.lengthSeconds * SECOND;
      for (const anomaly of episodeRecords(source, each, startMs, atMs)) {
        steps.push({ kind: 'anomaly', source, anomaly });
      }
      if (each.ticks) steps.push({ kind: 'tick', source, atMs });
    }
    steps.push({ kind: 'tick', source, atMs: 3600 * SECOND });
    return steps;
  });
}

function episodeRecords(source: number, drawn: Episode, startMs: number, endMs: number): Anomaly[] {
  const open = exampleAnomaly({
    startMs,
    metric: `m${source}-${drawn.series}`,
    labels: { host: drawn.host },
    tier: drawn.isCritical ? 'CRITICAL' : 'WARNING',
    historical: drawn.isHistorical,
  });
  const records = [open];
  const lastMs = (startMs + endMs) / 2;
  const climb = { tier: 'CRITICAL', peakScore: 3, grade: 0.99, lastMs } as const;
  if (drawn.climbs) records.push({ ...open, ...climb, phase: 'UPDATE', revision: 1 });
  if (drawn.closes) records.push(closing(open, endMs, 2));
  return records;
}

const script = fc.tuple(sourceSteps(0), sourceSteps(1), sourceSteps(2));

/** Merges the steps of the sources in some order that keeps each source’s own. */
function interleave(sources: readonly (readonly Step[])[], picks: readonly number[]): Step[] {
  const rest = sources.map((steps) => [...steps]);
  const merged: Step[] = [];
  for (let turn = 0; rest.some((steps) => steps.length > 0); turn++) {
    const open = rest.filter((steps) => steps.length > 0);
    const next = open[(picks[turn % picks.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) merged.push(next);
  }
  return merged;
}

const picks = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 });

function give(correlator: Correlator, step: Step): void {
  if (step.kind === 'tick') correlator.tick(step.source, step.atMs);
  else correlator.anomaly(step.anomaly);
}

function outputOf(steps: readonly Step[], using: CorrelateOptions): CorrelationLog {
  const correlator = new Correlator(using, task);
  const log = new CorrelationLog();
  for (const step of steps) give(correlator, step);
  correlator.drain(log);
  return log;
}

describe('correlator', { timeout: 60_000 }, () => {
  test('the order in which partitions are heard changes nothing', () => {
    fc.assert(
      fc.property(script, picks, picks, (sources, first, second) => {
        const one = outputOf(interleave(sources, first), options);
        expect(outputOf(interleave(sources, second), options).lines).toEqual(one.lines);
      }),
      { numRuns: 200 },
    );
  });

  test('how often partitions tick changes nothing', () => {
    fc.assert(
      fc.property(script, picks, (sources, order) => {
        const steps = interleave(sources, order);
        const isLast = (step: Step) => step.kind === 'tick' && step.atMs === 3600 * SECOND;
        const coarse = steps.filter((step) => step.kind === 'anomaly' || isLast(step));
        expect(outputOf(coarse, options).lines).toEqual(outputOf(steps, options).lines);
      }),
      { numRuns: 200 },
    );
  });

  test('the same input gives the same output, also with late signals and small caps', () => {
    fc.assert(
      fc.property(script, picks, fc.constantFrom(options, tight), (sources, order, using) => {
        const steps = interleave(sources, order);
        expect(outputOf(steps, using).lines).toEqual(outputOf(steps, using).lines);
      }),
      { numRuns: 100 },
    );
  });

  test('saved and restored after any step, it goes on exactly the same', () => {
    fc.assert(
      fc.property(script, picks, fc.constantFrom(options, tight), (sources, order, using) => {
        const steps = interleave(sources, order);
        const whole = outputOf(steps, using);
        const store = new Map<string, string>();
        const log = new CorrelationLog();
        for (const [index, step] of steps.entries()) {
          const correlator = new Correlator(using, task);
          const entries = [...store];
          // Entries come back in any order.
          for (const [key, value] of index % 2 === 0 ? entries : entries.reverse()) {
            correlator.restore(key, value);
          }
          give(correlator, step);
          correlator.drain(log);
          saveInto(store, correlator);
        }
        expect(log.lines).toEqual(whole.lines);
        expect(log.ticks).toEqual(whole.ticks);
      }),
      { numRuns: 200 },
    );
  });

  test('a changelog with former and removed entries restores the same', () => {
    fc.assert(
      fc.property(script, picks, fc.nat(60), (sources, order, cut) => {
        const steps = interleave(sources, order);
        const at = Math.min(cut, steps.length);
        const first = new Correlator(tight, task);
        const changes: (readonly [string, string | null])[] = [];
        let taking = first.entries();
        for (const step of steps.slice(0, at)) {
          give(first, step);
          // An entry at a time, with input in between, as in a checkpoint that is spread.
          const { value } = taking.next();
          if (value === undefined) taking = first.entries();
          else changes.push(value);
        }
        changes.push(...taking, ...first.entries());
        first.drain(new CorrelationLog());
        const second = new Correlator(tight, task);
        for (const [key, value] of changes) second.restore(key, value);
        const [expected, actual] = [new CorrelationLog(), new CorrelationLog()];
        for (const step of steps.slice(at)) {
          give(first, step);
          give(second, step);
        }
        first.drain(expected);
        second.drain(actual);
        expect(actual.lines).toEqual(expected.lines);
      }),
      { numRuns: 200 },
    );
  });

  test('every alert fires and ends, every incident opened is resolved, revisions rise by one', () => {
    fc.assert(
      fc.property(script, picks, (sources, order) => {
        const steps = interleave(sources, order);
        steps.push({ kind: 'tick', source: 0, atMs: 1e9 });
        for (const source of [0, 1, 2]) steps.push({ kind: 'tick', source, atMs: 1e9 });
        const log = outputOf(steps, options);
        for (const records of [log.alerts, log.incidents]) {
          const revisions = new Map<string, number>();
          const last = new Map<string, string>();
          for (const record of records) {
            const id = Buffer.from(record.id).toString('hex');
            expect(record.revision).toBe((revisions.get(id) ?? -1) + 1);
            revisions.set(id, record.revision);
            last.set(id, record.state);
          }
          expect([...last.values()].every((state) => state === 'RESOLVED')).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
