import { PipelineError } from '../../runtime/errors.ts';
import type { SeriesContext } from '../../schemas/generated/series-context.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import type { SeriesKind } from '../../schemas/generated/series-kind.ts';
import type { Catalog } from '../catalog.ts';
import type { LatePoints } from '../event-time-options.ts';
import { serviceOf } from './service-of.ts';

/** What decides a series’ context; series that agree in it share a context number. */
export interface ContextKey {
  readonly tenant: string;
  readonly metric: string;
  readonly service: string | null;
  readonly kind: SeriesKind;
  readonly unit: string | null;
}

interface ResolvedContext {
  readonly revision: number;
  readonly epoch: number;
  readonly context: SeriesContext;
  readonly latePoints: LatePoints | undefined;
}

const latePolicies = { UNKNOWN: undefined, SCORE: 'score', COUNT: 'count', DROP: 'drop' } as const;

/**
 * Numbers the contexts of a task’s series and resolves them against the catalog.
 *
 * There are about as many as metric names, so a series needs only the number. Resolved contexts are kept until the
 * catalog changes or one of its changes comes into effect.
 */
export class ContextBook {
  readonly #catalog: Catalog;
  readonly #keys: ContextKey[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #resolved: (ResolvedContext | undefined)[] = [];
  #saved = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Returns the context number of a new series. */
  place(definition: SeriesDefinition): number {
    const { tenant, name, kind, unit, labels, firstSeenMs } = definition;
    const service = serviceOf(labels, this.#catalog.services(tenant, firstSeenMs));
    return this.#number({ tenant, metric: name, service, kind, unit });
  }

  tenant(number: number): string {
    return this.#keys[number]?.tenant ?? '';
  }

  /** Whose context it is. */
  key(number: number): ContextKey {
    const key = this.#keys[number];
    if (key === undefined) throw new PipelineError('STATE_LAYOUT', `no context ${number}`);
    return key;
  }

  /** Whether values only grow, by the definition or, where it does not say, by the producer. */
  isCounter(number: number, atMs: number): boolean {
    const { kind } = this.resolve(number, atMs);
    return kind === 'COUNTER' || kind === 'BUCKET';
  }

  /** What the catalog says of the context at an event time. */
  resolve(number: number, atMs: number): SeriesContext {
    return this.#resolve(number, atMs).context;
  }

  /** What the definition says of points that come late; `undefined` where it leaves that to the options. */
  latePoints(number: number, atMs: number): LatePoints | undefined {
    return this.#resolve(number, atMs).latePoints;
  }

  #resolve(number: number, atMs: number): ResolvedContext {
    const { revision } = this.#catalog;
    const epoch = this.#catalog.epochAt(atMs);
    const known = this.#resolved[number];
    if (known !== undefined && known.revision === revision && known.epoch === epoch) return known;
    const found = { revision, epoch, ...this.#look(this.#keys[number] as ContextKey, atMs) };
    this.#resolved[number] = found;
    return found;
  }

  /** Yields the contexts that were numbered and not yielded yet. */
  *takeNew(): Generator<readonly [number: number, bytes: Uint8Array]> {
    while (this.#saved < this.#keys.length) {
      const number = this.#saved++;
      yield [number, Buffer.from(JSON.stringify(this.#keys[number]))];
    }
  }

  /** Puts a saved context back; numbers may come in any order. */
  restore(number: number, bytes: Uint8Array): void {
    const key = JSON.parse(Buffer.from(bytes).toString()) as ContextKey;
    this.#keys[number] = key;
    this.#numbers.set(JSON.stringify(key), number);
    this.#saved = Math.max(this.#saved, number + 1);
  }

  #number(key: ContextKey): number {
    const text = JSON.stringify(key);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#keys.push(key) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  #look(
    { tenant, metric, service, kind, unit }: ContextKey,
    atMs: number,
  ): Pick<ResolvedContext, 'context' | 'latePoints'> {
    const definition = this.#catalog.metric(tenant, metric, atMs) ?? undefinedMetric;
    const { ownerService, version } = definition;
    const context: SeriesContext = {
      service: service ?? ownerService,
      metricType: definition.type,
      class: definition.class,
      kind: definition.kind === 'UNKNOWN' ? kind : definition.kind,
      unit: definition.unit ?? unit,
      intervalMs: definition.intervalMs,
      hop: definition.hop ?? 0,
      direction: definition.direction,
      dataMin: definition.dataMin,
      dataMax: definition.dataMax,
      minAbs: definition.minAbs,
      minRel: definition.minRel,
      suppress: definition.suppress,
      ignoreConsecutive: definition.ignoreConsecutive,
      maintenance: definition.maintenance,
      maintenanceHours: definition.maintenanceHours,
      timeZone: definition.timeZone,
      season: definition.season,
      sensitivity: definition.sensitivity,
      businessImpact: definition.businessImpact,
      runbookUrl: definition.runbookUrl,
      ownerService,
      catalogVersion: version,
    };
    return { context, latePoints: latePolicies[definition.latePoints] };
  }
}

/** What holds for a metric that the catalog does not have; version 0 says so. */
const undefinedMetric = {
  type: 'UNKNOWN',
  class: null,
  kind: 'UNKNOWN',
  unit: null,
  intervalMs: 0,
  hop: null,
  direction: 'BOTH',
  dataMin: null,
  dataMax: null,
  minAbs: 0,
  minRel: 0.2,
  suppress: [],
  ignoreConsecutive: 0,
  maintenance: [],
  maintenanceHours: [],
  timeZone: 'UTC',
  season: 'UNKNOWN',
  sensitivity: 0.85,
  businessImpact: null,
  runbookUrl: null,
  ownerService: null,
  latePoints: 'UNKNOWN',
  version: 0,
} as const;
