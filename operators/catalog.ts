import type { MetricDefinition } from '../schemas/generated/metric-definition.ts';
import type { ServiceDefinition } from '../schemas/generated/service-definition.ts';
import type { TenantDefinition } from '../schemas/generated/tenant-definition.ts';

/** Tenant of definitions that hold for every tenant. */
const ANY_TENANT = '*';

interface Versioned {
  readonly version: number;
  readonly effectiveFromMs: number;
}

/** The kinds of definition that stages look up. */
export interface CatalogKinds {
  readonly TenantDefinition: TenantDefinition;
  readonly MetricDefinition: MetricDefinition;
  readonly ServiceDefinition: ServiceDefinition;
}

/**
 * Holds the definitions of the `catalog` topic and finds the one that acts at an event time.
 *
 * A definition acts from its `effectiveFromMs` on, whenever it came in; before that its former version does, or none.
 * Where the former one is not known any more, because the topic is compacted, the first that is stands in for it. Lookups by pattern cost one comparison per definition: cache them per metric.
 */
export class Catalog {
  readonly #tenants = new Map<string, TenantDefinition[]>();
  readonly #metrics = new Map<string, MetricDefinition[]>();
  readonly #services = new Map<string, ServiceDefinition[]>();
  #changesMs: readonly number[] = [];
  #lastChangeMs = Number.NEGATIVE_INFINITY;
  #firstTenantMs = Number.POSITIVE_INFINITY;
  #revision = 0;

  /** Rises with every change: caches of lookups are good as long as it stays. */
  get revision(): number {
    return this.#revision;
  }

  /** How many of the known changes act by then: lookups of one revision and epoch are the same. */
  epochAt(atMs: number): number {
    // Most questions are about now: after the last change.
    let epoch = this.#changesMs.length;
    while (epoch > 0 && (this.#changesMs[epoch - 1] ?? 0) > atMs) epoch -= 1;
    return epoch;
  }

  /** The next time after `atMs` at which a known change comes into effect; Infinity when there is none. */
  nextChangeMs(atMs: number): number {
    // Asked for every run, and mostly all changes lie behind.
    if (atMs >= this.#lastChangeMs) return Number.POSITIVE_INFINITY;
    return this.#changesMs.find((ms) => ms > atMs) ?? Number.POSITIVE_INFINITY;
  }

  put<K extends keyof CatalogKinds>(kind: K, definition: CatalogKinds[K]): void {
    this.#revision += 1;
    const changes = new Set(this.#changesMs).add(definition.effectiveFromMs);
    this.#changesMs = [...changes].sort((a, b) => a - b);
    this.#lastChangeMs = Math.max(...changes);
    if (kind === 'TenantDefinition') {
      const tenant = definition as TenantDefinition;
      const fromMs = standsIn(tenant) ? Number.NEGATIVE_INFINITY : tenant.effectiveFromMs;
      this.#firstTenantMs = Math.min(this.#firstTenantMs, fromMs);
      insert(this.#tenants, tenant.tenant, tenant);
    } else if (kind === 'MetricDefinition') {
      const metric = definition as MetricDefinition;
      insert(this.#metrics, `${metric.tenant}/${metric.name}`, metric);
    } else {
      const service = definition as ServiceDefinition;
      insert(this.#services, `${service.tenant}/${service.name}`, service);
    }
  }

  /** Whether the tenant may write at a time: any may as long as no definition of a tenant acts. */
  knowsTenant(tenant: string, atMs: number): boolean {
    return atMs < this.#firstTenantMs || this.tenant(tenant, atMs) !== undefined;
  }

  tenant(tenant: string, atMs: number): TenantDefinition | undefined {
    return actingAt(this.#tenants.get(tenant), atMs);
  }

  /** The definition whose pattern fits the metric: the tenant’s own before the general, the longest pattern first. */
  metric(tenant: string, name: string, atMs: number): MetricDefinition | undefined {
    let best: MetricDefinition | undefined;
    for (const versions of this.#metrics.values()) {
      const candidate = actingAt(versions, atMs);
      if (candidate === undefined) continue;
      if (candidate.tenant !== tenant && candidate.tenant !== ANY_TENANT) continue;
      if (!fits(candidate.name, name)) continue;
      if (best === undefined || outranks(candidate, best)) best = candidate;
    }
    return best;
  }

  /** Definitions of services that a tenant’s series may belong to, in the order they were defined. */
  services(tenant: string, atMs: number): readonly ServiceDefinition[] {
    const found: ServiceDefinition[] = [];
    for (const versions of this.#services.values()) {
      const candidate = actingAt(versions, atMs);
      if (
        candidate !== undefined &&
        (candidate.tenant === tenant || candidate.tenant === ANY_TENANT)
      ) {
        found.push(candidate);
      }
    }
    return found;
  }
}

function insert<T extends Versioned>(map: Map<string, T[]>, key: string, definition: T): void {
  const versions = map.get(key) ?? [];
  const same = versions.findIndex(
    ({ effectiveFromMs }) => effectiveFromMs === definition.effectiveFromMs,
  );
  if (same >= 0) versions[same] = definition;
  else versions.push(definition);
  versions.sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
  map.set(key, versions);
}

function actingAt<T extends Versioned>(
  versions: readonly T[] | undefined,
  atMs: number,
): T | undefined {
  const acting = versions?.findLast(({ effectiveFromMs }) => effectiveFromMs <= atMs);
  const [first] = versions ?? [];
  return acting ?? (first !== undefined && standsIn(first) ? first : undefined);
}

/** Whether a definition, when it is the first that is known, stands in for versions before it. */
function standsIn({ version }: Versioned): boolean {
  return version > 1;
}

function outranks(a: MetricDefinition, b: MetricDefinition): boolean {
  const own = Number(a.tenant !== ANY_TENANT) - Number(b.tenant !== ANY_TENANT);
  return own !== 0 ? own > 0 : a.name.length > b.name.length;
}

/** Matches a pattern in which `*` stands for any characters; linear, so a hostile pattern costs nothing. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? '';
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
