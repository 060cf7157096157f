import type { Matcher } from '../../schemas/generated/matcher.ts';
import { type LabelTest, labelTest, parseMatcher } from './label-matcher.ts';
import type { RouteConfig, RouteOptions } from './options.ts';

/** A route with what it takes from those above filled in. */
export interface Route {
  /** Place in the tree: `0` is the root, `0/2` its third branch. */
  readonly id: string;
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly continue: boolean;
  readonly matches: LabelTest;
  readonly routes: readonly Route[];
}

/** What the root has where it says nothing, beside the first receiver; the intervals are Alertmanager’s. */
const ROOT_DEFAULTS = {
  groupBy: ['incident'],
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 14_400_000,
} as const;

type Inherited = Omit<Route, 'id' | 'continue' | 'matches' | 'routes'>;

/**
 * Builds the route tree of checked options; matchers that cannot be read never hold.
 *
 * A root without a receiver takes the first one.
 */
export function routeTree({ receivers, route }: Pick<RouteOptions, 'receivers' | 'route'>): Route {
  return build(route, '0', { ...ROOT_DEFAULTS, receiver: receivers[0]?.name ?? '' });
}

/**
 * Finds the routes for a label set: depth first, left to right, as Alertmanager does.
 *
 * Below a route that matches, the first branch that matches ends the search unless it says
 * `continue`; where no branch matches, the route itself is taken.
 */
export function matchRoutes(route: Route, labels: Readonly<Record<string, string>>): Route[] {
  if (!route.matches(labels)) return [];
  const found: Route[] = [];
  for (const branch of route.routes) {
    const below = matchRoutes(branch, labels);
    found.push(...below);
    if (below.length > 0 && !branch.continue) break;
  }
  return found.length === 0 ? [route] : found;
}

/** All routes of a tree by id. */
export function routesById(root: Route): Map<string, Route> {
  const routes = new Map<string, Route>([[root.id, root]]);
  for (const branch of root.routes) {
    for (const [id, route] of routesById(branch)) routes.set(id, route);
  }
  return routes;
}

/** The labels by which a route groups, with their values; an absent label has the empty value. */
export function groupLabels(
  route: Route,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const isAll = route.groupBy.includes('...');
  const names = isAll ? Object.keys(labels) : route.groupBy;
  return Object.fromEntries([...names].sort().map((name) => [name, labels[name] ?? '']));
}

function build(config: RouteConfig, id: string, above: Inherited): Route {
  const own: Inherited = {
    receiver: config.receiver ?? above.receiver,
    groupBy: config.groupBy ?? above.groupBy,
    groupWaitMs: config.groupWaitMs ?? above.groupWaitMs,
    groupIntervalMs: config.groupIntervalMs ?? above.groupIntervalMs,
    repeatIntervalMs: config.repeatIntervalMs ?? above.repeatIntervalMs,
  };
  return {
    ...own,
    id,
    continue: config.continue,
    matches: labelTest(config.matchers.map(readMatcher)),
    routes: config.routes.map((child, index) => build(child, `${id}/${index}`, own)),
  };
}

function readMatcher(text: string): Matcher {
  return parseMatcher(text) ?? { name: '', operator: 'UNKNOWN', value: text };
}
