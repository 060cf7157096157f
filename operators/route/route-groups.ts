import { KeyedState } from '../keyed-state.ts';
import { compareBriefs, type IncidentBrief, routingLabels } from './incident-brief.ts';
import type { NotificationPlanner } from './notification-planner.ts';
import type { RouteOptions } from './options.ts';
import { type RouteCode, routeDecision } from './route-decision.ts';
import type { RouteDesk } from './route-desk.ts';
import { flushVerdict, type RouteGroup, toldOf } from './route-group.ts';
import { groupLabels, matchRoutes, type Route, routesById, routeTree } from './route-tree.ts';

const EVICTED_SHARE = 16;

/** An incident as it was last, and the group of each route that took it, as plain JSON. */
export interface RoutedIncident {
  brief: IncidentBrief;
  /** Group key by route id; a group is left once the end was told there. */
  groups: Record<string, string>;
  /** When it is forgotten; null while it is open or a group has yet to tell its end. */
  forgetMs: number | null;
}

/**
 * Assigns incidents to the groups of their routes, and flushes groups when they are due.
 *
 * The first flush comes `groupWaitMs` after the group began, or at once when its incident started
 * longer ago; then one every `groupIntervalMs`. An incident stays in a group until its end was told
 * there, also when its labels change meanwhile; routes that match only then take it besides.
 */
export class RouteGroups {
  readonly incidents = new KeyedState<RoutedIncident>();
  readonly groups = new KeyedState<RouteGroup>();
  readonly #options: RouteOptions;
  readonly #desk: RouteDesk;
  readonly #planner: NotificationPlanner;
  readonly #root: Route;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(options: RouteOptions, desk: RouteDesk, planner: NotificationPlanner) {
    this.#options = options;
    this.#desk = desk;
    this.#planner = planner;
    this.#root = routeTree(options);
    this.#routes = routesById(this.#root);
  }

  /** Tells whether an incident was taken in and not forgotten. */
  knows(id: string): boolean {
    return this.incidents.get(id) !== undefined;
  }

  take(brief: IncidentBrief): void {
    const known = this.incidents.get(brief.id);
    if (known !== undefined && known.brief.revision >= brief.revision) return;
    if (known === undefined && (!brief.isOpen || !this.#makeRoom(brief))) return;
    const incident: RoutedIncident = { brief, groups: known?.groups ?? {}, forgetMs: null };
    this.incidents.set(brief.id, incident);
    if (brief.isOpen) this.#assign(incident);
    this.#settleForget(incident);
  }

  /** Tells the receiver of a group what there is to tell, if there is, and plans the next flush. */
  flush(key: string): void {
    const group = this.groups.get(key);
    if (group === undefined) return;
    const route = this.#routes.get(group.routeId);
    const receiver = this.#planner.receiver(group.receiver);
    if (route === undefined || receiver === undefined || route.receiver !== group.receiver) {
      this.#decide('ROUTE_GONE', { tenant: group.tenant, groupKey: key });
      return this.#end(group, group.incidentIds);
    }
    const nowMs = this.#desk.nowMs();
    const briefs = this.#briefs(group);
    const { sendResolved } = receiver;
    const verdict = flushVerdict(group, briefs, { route, sendResolved, nowMs });
    if (verdict === 'ACKNOWLEDGED') this.#decide(verdict, { tenant: group.tenant, groupKey: key });
    else if (verdict !== 'NOTHING') {
      const incidents = this.#toTell(group, briefs, sendResolved);
      const { tenant, labels } = group;
      const draft = { reason: verdict, tenant, groupKey: key, groupLabels: labels, incidents };
      this.#planner.plan({ ...draft, held: 0, plannedMs: nowMs }, receiver);
      group.told = toldOf(briefs);
      group.toldMs = nowMs;
    }
    this.#end(
      group,
      briefs.filter((brief) => !brief.isOpen).map((brief) => brief.id),
    );
    if (group.incidentIds.length > 0) this.#schedule(group, nowMs + route.groupIntervalMs);
  }

  /** Forgets a resolved incident. */
  forget(id: string): void {
    this.incidents.delete(id);
    this.#desk.timers.cancel(`incident/${id}`);
  }

  restoreIncident(id: string, incident: RoutedIncident | undefined): void {
    this.incidents.restore(id, incident);
    this.#scheduleForget(id, incident?.forgetMs ?? null);
  }

  restoreGroup(key: string, group: RouteGroup | undefined): void {
    this.groups.restore(key, group);
    if (group === undefined) this.#desk.timers.cancel(`group/${key}`);
    else this.#desk.timers.schedule(`group/${key}`, group.dueMs);
  }

  /** Puts an incident into a group of each route that matches and has not taken it yet. */
  #assign(incident: RoutedIncident): void {
    const { brief } = incident;
    const labels = routingLabels(brief);
    for (const route of matchRoutes(this.#root, labels)) {
      if (incident.groups[route.id] !== undefined) continue;
      const group = this.#groupOf(route, brief, groupLabels(route, labels));
      incident.groups[route.id] = group.key;
      group.incidentIds.push(brief.id);
      this.groups.touch(group.key);
      this.#decide('ROUTED', { tenant: brief.tenant, incidentId: brief.id });
    }
  }

  #groupOf(route: Route, brief: IncidentBrief, labels: Record<string, string>): RouteGroup {
    const key = JSON.stringify([route.id, brief.tenant, labels]);
    const held = this.groups.get(key);
    if (held !== undefined) return held;
    const group: RouteGroup = {
      key,
      routeId: route.id,
      receiver: route.receiver,
      tenant: brief.tenant,
      labels,
      incidentIds: [],
      told: null,
      toldMs: 0,
      dueMs: 0,
    };
    this.groups.set(key, group);
    this.#schedule(group, Math.max(this.#desk.nowMs(), brief.startMs + route.groupWaitMs));
    return group;
  }

  #briefs(group: RouteGroup): IncidentBrief[] {
    const briefs: IncidentBrief[] = [];
    for (const id of group.incidentIds) {
      const incident = this.incidents.get(id);
      if (incident !== undefined) briefs.push(incident.brief);
    }
    return briefs.sort(compareBriefs);
  }

  /** Of a group, what is open and, where the end is told, what the receiver knows and has ended. */
  #toTell(group: RouteGroup, briefs: IncidentBrief[], sendResolved: boolean): IncidentBrief[] {
    return briefs.filter(
      (brief) => brief.isOpen || (sendResolved && group.told?.[brief.id] !== undefined),
    );
  }

  /** Takes incidents that are over out of a group; a group without any ends. */
  #end(group: RouteGroup, ids: readonly string[]): void {
    const ended = new Set(ids);
    group.incidentIds = group.incidentIds.filter((id) => !ended.has(id));
    for (const id of ended) {
      if (group.told !== null) delete group.told[id];
      const incident = this.incidents.get(id);
      if (incident === undefined) continue;
      delete incident.groups[group.routeId];
      this.#settleForget(incident);
      this.incidents.touch(id);
    }
    this.groups.touch(group.key);
    if (group.incidentIds.length > 0) return;
    this.groups.delete(group.key);
    this.#desk.timers.cancel(`group/${group.key}`);
  }

  /** Makes room for one more incident; returns false when all that are held are open or untold. */
  #makeRoom(brief: IncidentBrief): boolean {
    const { maxIncidents } = this.#options;
    if (this.incidents.size < maxIncidents) return true;
    const over = [...this.incidents.entries()]
      .filter(([, incident]) => incident.forgetMs !== null)
      .sort(([idA, a], [idB, b]) => (a.forgetMs ?? 0) - (b.forgetMs ?? 0) || (idA < idB ? -1 : 1));
    const share = Math.ceil(maxIncidents / EVICTED_SHARE);
    for (const [id] of over.slice(0, share)) this.forget(id);
    if (over.length > 0) return true;
    this.#decide('INCIDENTS_LIMIT', { tenant: brief.tenant, incidentId: brief.id });
    return false;
  }

  #settleForget(incident: RoutedIncident): void {
    const { brief, groups } = incident;
    const isDone = !brief.isOpen && Object.keys(groups).length === 0;
    incident.forgetMs = isDone ? this.#desk.nowMs() + this.#options.repeatHorizonMs : null;
    this.#scheduleForget(brief.id, incident.forgetMs);
  }

  #scheduleForget(id: string, dueMs: number | null): void {
    if (dueMs === null) this.#desk.timers.cancel(`incident/${id}`);
    else this.#desk.timers.schedule(`incident/${id}`, dueMs);
  }

  #schedule(group: RouteGroup, dueMs: number): void {
    group.dueMs = dueMs;
    this.groups.touch(group.key);
    this.#desk.timers.schedule(`group/${group.key}`, dueMs);
  }

  #decide(
    code: RouteCode,
    subject: { readonly tenant: string; readonly incidentId?: string; readonly groupKey?: string },
  ): void {
    this.#desk.decide(routeDecision(code, subject));
  }
}
