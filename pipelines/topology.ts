import type { StageSpec } from '../runtime/stage-spec.ts';

/**
 * The graph, as data: read this first.
 *
 *     metrics.raw ─▶ validate ─▶ metrics.validated ─▶ enrich ─▶ metrics.enriched ─▶ detect ─▶ anomalies
 *                                                       └─▶ series                    └─▶ scores
 *     anomalies ─▶ correlate ─▶ alerts, incidents ─▶ route ─▶ notifications
 *
 * Every stage is a consumer group of its own and may also write `decisions` and `dead-letter`. `catalog` tells validate
 * which tenants there are and enrich what a metric is; `commands` tell detect what people think of its anomalies; `schemas` are writer schemas that the registry was asked for
 * (a topic of this worker’s memory only). Retention, partitioning and record types of each topic: `schemas/topics.ts`.
 */
export const topology = [
  {
    name: 'validate',
    inputs: ['metrics.raw'],
    broadcast: ['catalog'],
    local: ['schemas'],
    outputs: ['metrics.validated', 'decisions'],
    kernel: new URL('./validate.kernel.ts', import.meta.url).href,
  },
  {
    name: 'enrich',
    inputs: ['metrics.validated'],
    broadcast: ['catalog'],
    local: [],
    outputs: ['metrics.enriched', 'series', 'decisions'],
    kernel: new URL('./enrich.kernel.ts', import.meta.url).href,
  },
  {
    name: 'detect',
    inputs: ['metrics.enriched'],
    broadcast: ['commands'],
    local: [],
    outputs: ['anomalies', 'scores', 'decisions'],
    kernel: new URL('./detect.kernel.ts', import.meta.url).href,
  },
  {
    name: 'correlate',
    inputs: ['anomalies'],
    broadcast: [],
    local: [],
    outputs: ['alerts', 'alerts.history', 'incidents', 'decisions'],
    kernel: new URL('./correlate.kernel.ts', import.meta.url).href,
  },
  {
    name: 'route',
    inputs: ['incidents', 'notifications'],
    broadcast: [],
    local: [],
    outputs: ['notifications', 'decisions'],
    kernel: new URL('./route.kernel.ts', import.meta.url).href,
  },
] as const satisfies readonly StageSpec[];

/**
 * Sinks carry out what is planned on `notifications` and write the outcome there; route reads the outcomes.
 */
export const SINK_GROUP = 'receivers';

/** Name of a stage of the graph. */
export type StageName = (typeof topology)[number]['name'];

/** Broadcast topic that exists only in a worker’s memory. */
export const SCHEMAS_TOPIC = 'schemas';
