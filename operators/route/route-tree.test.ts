import { describe, expect, test } from 'vitest';
import { routeOptions } from './options.ts';
import { groupLabels, matchRoutes, routeTree } from './route-tree.ts';

function treeOf(route: object) {
  const names = ['default', 'team', 'pager', 'database'];
  const receivers = names.map((name) => ({ name, integration: 'console' }));
  return routeTree(routeOptions.parse({ receivers, route }));
}

const tree = treeOf({
  receiver: 'default',
  groupBy: ['service'],
  routes: [
    {
      receiver: 'pager',
      matchers: ['severity="critical"'],
      continue: true,
      groupWaitMs: 0,
      routes: [{ matchers: ['tenant="beta"'], receiver: 'team', groupBy: ['...'] }],
    },
    { receiver: 'database', matchers: ['service=~"db-.*"'], repeatIntervalMs: 60_000 },
    { receiver: 'team', matchers: ['service!="shop"'] },
  ],
});
const receivers = (labels: Record<string, string>) =>
  matchRoutes(tree, labels).map((route) => route.receiver);

describe('matchRoutes', () => {
  test('the root takes what no branch does', () => {
    expect(receivers({ service: 'shop' })).toEqual(['default']);
  });

  test('the first branch that matches ends the search', () => {
    expect(receivers({ service: 'db-1' })).toEqual(['database']);
    expect(receivers({ service: 'cart' })).toEqual(['team']);
  });

  test('continue lets those after it match too', () => {
    expect(receivers({ service: 'db-1', severity: 'critical' })).toEqual(['pager', 'database']);
    expect(receivers({ service: 'shop', severity: 'critical' })).toEqual(['pager']);
  });

  test('a branch of a branch goes before its parent', () => {
    expect(receivers({ service: 'shop', severity: 'critical', tenant: 'beta' })).toEqual(['team']);
  });
});

describe('routeTree', () => {
  test('what a route leaves out comes from above, at the root from Alertmanager’s defaults', () => {
    expect(tree).toMatchObject({
      groupBy: ['service'],
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
    });
    expect(tree.routes[0]).toMatchObject({ groupBy: ['service'], groupWaitMs: 0 });
    expect(tree.routes[0]?.routes[0]).toMatchObject({ groupBy: ['...'], groupWaitMs: 0 });
    expect(tree.routes[1]).toMatchObject({ groupWaitMs: 30_000, repeatIntervalMs: 60_000 });
  });

  test('groups by the labels named, or by all', () => {
    const labels = { service: 'shop', host: 'a' };
    const branch = tree.routes[0]?.routes[0] ?? tree;
    expect(groupLabels(tree, labels)).toEqual({ service: 'shop' });
    expect(groupLabels(tree, {})).toEqual({ service: '' });
    expect(groupLabels(branch, labels)).toEqual(labels);
  });
});

describe('routeOptions', () => {
  test('defaults tell the console of every incident by itself', () => {
    const options = routeOptions.parse({});
    expect(options.receivers).toEqual([
      { name: 'console', integration: 'console', sendResolved: true, timeoutMs: 10_000 },
    ]);
    expect(options.maxNotificationsPerHour).toBe(10);
    expect(routeTree(options)).toMatchObject({ receiver: 'console', groupBy: ['incident'] });
  });

  test('a root that names no receiver has the first one', () => {
    expect(treeOf({ groupBy: ['service'] })).toMatchObject({
      receiver: 'default',
      groupBy: ['service'],
    });
  });

  test('all faults are found, with their places', () => {
    const result = routeOptions.safeParse({
      receivers: [
        { name: 'f', integration: 'file' },
        { name: 'f', integration: 'console' },
      ],
      route: {
        receiver: 'x',
        matchers: ['a=b'],
        routes: [{ matchers: ['a=~"("'], receiver: 'y' }],
      },
    });
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([
      'receivers.0.path',
      'receivers.1.name',
      'route.matchers',
      'route.receiver',
      'route.routes.0.receiver',
      'route.routes.0.matchers.0',
    ]);
  });
});
