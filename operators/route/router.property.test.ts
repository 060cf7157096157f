import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Incident } from '../../schemas/generated/incident.ts';
import type { Notification } from '../../schemas/generated/notification.ts';
import { saveInto } from '../correlate/correlation-log.fixture.ts';
import { exampleIncident } from './incident.fixture.ts';
import { routeOptions } from './options.ts';
import { RouteLog } from './route-log.fixture.ts';
import { Router } from './router.ts';

const SECOND = 1000;

type Step =
  | { readonly kind: 'incident'; readonly incident: Incident }
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'outcome'; readonly state: 'SENT' | 'FAILED' };

const options = routeOptions.parse({
  receivers: [
    { name: 'all', integration: 'console' },
    { name: 'pager', integration: 'file', path: 'pager.ndjson' },
  ],
  route: {
    receiver: 'all',
    groupBy: ['host'],
    repeatIntervalMs: 1200 * SECOND,
    routes: [
      {
        receiver: 'pager',
        matchers: ['severity="critical"'],
        groupBy: ['incident'],
        continue: true,
      },
    ],
  },
  maxNotificationsPerHour: 3,
  maxIncidents: 4,
  repeatHorizonMs: 600 * SECOND,
});

const step = fc.record({
  // Behind a tick of the same time an incident would be late.
  gapSeconds: fc.integer({ min: 1, max: 700 }),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  host: fc.constantFrom('web-1', 'web-2'),
  isCritical: fc.boolean(),
  isOver: fc.constantFrom(true, false, false),
  isHistorical: fc.constantFrom(true, false, false, false),
  ticks: fc.boolean(),
  outcome: fc.constantFrom('SENT', 'FAILED', undefined, undefined),
} as const);

/** Incidents that change, with ticks between, and outcomes of what was planned last. */
const script: fc.Arbitrary<readonly Step[]> = fc
  .array(step, { minLength: 1, maxLength: 30 })
  .map((drawn) => {
    const revisions = new Map<string, number>();
    const steps: Step[] = [];
    let atMs = 0;
    for (const each of drawn) {
      atMs += each.gapSeconds * SECOND;
      const revision = revisions.get(each.name) ?? 0;
      revisions.set(each.name, revision + 1);
      const incident = exampleIncident({
        name: each.name,
        revision,
        changedAtMs: atMs,
        labels: { host: each.host },
        severity: each.isCritical ? 'CRITICAL' : 'WARNING',
        state: each.isOver ? 'RESOLVED' : 'OPEN',
        endMs: each.isOver ? atMs : null,
        historical: each.isHistorical,
        alertCount: revision + 1,
      });
      steps.push({ kind: 'incident', incident });
      if (each.outcome !== undefined) steps.push({ kind: 'outcome', state: each.outcome });
      if (each.ticks) steps.push({ kind: 'tick', atMs });
    }
    steps.push({ kind: 'tick', atMs: atMs + 10_000 * SECOND });
    return steps;
  });

/** The outcome a sink would write for the notification that was planned last. */
function give(router: Router, log: RouteLog, each: Step): void {
  if (each.kind === 'incident') router.incident(each.incident);
  else if (each.kind === 'tick') router.tick(each.atMs);
  else {
    const planned = log.notifications.findLast((one) => one.state === 'PLANNED');
    const outcome: Notification | undefined = planned && {
      ...planned,
      state: each.state,
      attempt: planned.attempt + 1,
    };
    if (outcome !== undefined) router.outcome(outcome);
  }
  router.drain(log);
}

function logOf(steps: readonly Step[]): RouteLog {
  const router = new Router(options, { partition: 2 });
  const log = new RouteLog();
  for (const each of steps) give(router, log, each);
  return log;
}

function restored(entries: readonly (readonly [string, string])[]): Router {
  const router = new Router(options, { partition: 2 });
  for (const [key, value] of entries) router.restore(key, value);
  return router;
}

/** Gives a step before its entries are taken and one behind the first of them, as in a checkpoint that is spread. */
function giveBetween(
  router: Router,
  log: RouteLog,
  [before, between]: readonly Step[],
  store: Map<string, string>,
): void {
  if (before !== undefined) give(router, log, before);
  const taking = router.entries();
  const first = taking.next();
  if (between !== undefined) give(router, log, between);
  if (first.done !== true) saveInto(store, { entries: () => [first.value].values() });
  saveInto(store, { entries: () => taking });
  saveInto(store, router);
}

describe('router', { timeout: 60_000 }, () => {
  test('the same input gives the same output', () => {
    fc.assert(
      fc.property(script, (steps) => {
        expect(logOf(steps).lines).toEqual(logOf(steps).lines);
      }),
      { numRuns: 100 },
    );
  });

  test('how often ticks come changes nothing', () => {
    fc.assert(
      fc.property(script, (steps) => {
        // Outcomes come from outside: when they are heard may matter.
        const inner = steps.filter((each) => each.kind !== 'outcome');
        const last = inner.at(-1);
        const coarse = inner.filter((each) => each.kind === 'incident' || each === last);
        expect(logOf(coarse).lines).toEqual(logOf(inner).lines);
      }),
      { numRuns: 150 },
    );
  });

  test('saved and restored after any two steps, it goes on exactly the same', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const whole = logOf(steps);
        const store = new Map<string, string>();
        const log = new RouteLog();
        for (let at = 0; at < steps.length; at += 2) {
          const entries = [...store];
          const router = restored(at % 4 === 0 ? entries : entries.reverse());
          giveBetween(router, log, steps.slice(at, at + 2), store);
        }
        expect(log.lines).toEqual(whole.lines);
      }),
      { numRuns: 150 },
    );
  });

  test('nobody is told of an end without a beginning, and in the end nothing is left', () => {
    fc.assert(
      fc.property(script, (drawn) => {
        const over = ['a', 'b', 'c', 'd', 'e', 'f'].map((name): Step => {
          const atMs = 20_000 * SECOND + 30 * 700 * SECOND;
          const fields = {
            name,
            revision: 1000,
            changedAtMs: atMs,
            endMs: atMs,
            labels: { host: 'x' },
          };
          return { kind: 'incident', incident: exampleIncident({ ...fields, state: 'RESOLVED' }) };
        });
        const steps = [...drawn.slice(0, -1), ...over, { kind: 'tick', atMs: 1e9 } as const];
        const router = new Router(options, { partition: 2 });
        const log = new RouteLog();
        const store = new Map<string, string>();
        for (const each of steps) give(router, log, each);
        saveInto(store, router);
        expect([...store.keys()]).toEqual(['clock']);
        const begun = new Set<string>();
        for (const each of log.notifications) {
          const key = `${each.groupKey} ${each.receiver}`;
          if (each.reason === 'FIRST') begun.add(key);
          else if (each.reason !== 'DIGEST') expect(begun.has(key)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
