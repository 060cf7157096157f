import { z } from 'zod';
import { matcherOption } from './matcher-option.ts';
import { noiseOptions } from './noise-options.ts';

const ANY_TENANT = '*';

const name = (what: string) => z.string().min(1).max(256).describe(what);
const ownerTenant = z
  .string()
  .min(1)
  .default(ANY_TENANT)
  .describe('Tenant it belongs to; `*` for all.');
const runbookUrl = z
  .url({ protocol: /^https?$/ })
  .nullable()
  .default(null)
  .describe('Where the runbook is.');
const businessImpact = z
  .string()
  .nullable()
  .default(null)
  .describe('What its failure costs, in words.');

const tenant = z
  .strictObject({
    tenant: name('Tenant by name, as producers write it.'),
    title: z.string().nullable().default(null).describe('Name for people.'),
    maxSeries: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('Series it may have; 0 for `enrich.maxSeriesPerTenant`.'),
    entityLabels: z
      .array(z.string().min(1))
      .default([])
      .describe('Labels that name an entity, first present wins; empty for the default.'),
    correlateBy: z
      .array(z.string().min(1))
      .default([])
      .describe('Labels by which its anomalies are spread over partitions; empty: by tenant.'),
  })
  .describe('A tenant and its limits.');

const metric = z
  .strictObject({
    tenant: ownerTenant,
    name: name('Metric name; `*` stands for any characters. The longest pattern that fits wins.'),
    role: z
      .string()
      .nullable()
      .default(null)
      .describe('Role in service indicators: errors, requests, duration_bucket, disk_free_ratio …'),
    type: z
      .enum(['UNKNOWN', 'BUSINESS_KPI', 'SLI', 'ML', 'INFRASTRUCTURE', 'SECURITY', 'COMPLIANCE'])
      .default('UNKNOWN')
      .describe('What the metric speaks of.'),
    kind: z
      .enum(['UNKNOWN', 'GAUGE', 'COUNTER', 'DELTA', 'BUCKET'])
      .default('UNKNOWN')
      .describe('How values follow one another; `UNKNOWN` leaves it to the producer.'),
    unit: z.string().nullable().default(null).describe('UCUM unit of the values.'),
    direction: z
      .enum(['BOTH', 'ABOVE', 'BELOW'])
      .default('BOTH')
      .describe('On which side a deviation is unwelcome.'),
    timeZone: z
      .string()
      .default('UTC')
      .refine(isTimeZone, {
        error: 'is not a time zone this machine knows; write one such as Europe/Paris',
      })
      .describe(
        'IANA time zone by whose clocks `maintenanceHours` and the hours and days of its season go.',
      ),
    season: z
      .enum(['UNKNOWN', 'NONE', 'DAILY', 'WEEKLY'])
      .default('UNKNOWN')
      .describe(
        'What of its season is told apart: `NONE` nothing, `DAILY` times of day, `WEEKLY` those of each weekday too, so that what comes every week at the same hour is no news. `UNKNOWN` is `WEEKLY` for a `BUSINESS_KPI` or `SLI`, else what `detect.season` says.',
      ),
    intervalMs: z
      .number()
      .int()
      .min(0)
      .default(0)
      .meta({ unit: 'ms' })
      .describe('Expected time between points; 0 lets it be learned.'),
    hop: z
      .number()
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('Points between window closes; absent lets the interval decide.'),
    missingPolicy: z
      .enum(['IGNORE', 'INTERPOLATE', 'ZERO', 'ALERT'])
      .default('IGNORE')
      .describe('What a missing point means.'),
    latePoints: z
      .enum(['UNKNOWN', 'SCORE', 'COUNT', 'DROP'])
      .default('UNKNOWN')
      .describe(
        'What becomes of points that come behind the watermark; `UNKNOWN` leaves it to `eventTime.latePoints`.',
      ),
    dataMin: z.number().nullable().default(null).describe('Smallest value that can be, in `unit`.'),
    dataMax: z.number().nullable().default(null).describe('Largest value that can be, in `unit`.'),
    minAbs: z
      .number()
      .min(0)
      .default(0)
      .describe('Smallest deviation worth an episode, in `unit`.'),
    minRel: z
      .number()
      .min(0)
      .default(0.2)
      .describe('Smallest deviation worth an episode, as a ratio of the expected value.'),
    sensitivity: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.85)
      .describe(
        'How readily an episode opens: 0.85 takes scores as calibrated, more opens earlier.',
      ),
    ...noiseOptions,
    modelType: z
      .string()
      .nullable()
      .default(null)
      .describe('Model set to score with; absent for the default set.'),
    covariates: z
      .array(z.string().min(1))
      .max(8)
      .default([])
      .describe('Metrics that help to forecast it.'),
    class: z
      .string()
      .nullable()
      .default(null)
      .describe('Metric class that picks weights and graphs of the members.'),
    sloTarget: z
      .number()
      .gt(0)
      .lt(1)
      .nullable()
      .default(null)
      .describe('Target ratio of good to all.'),
    businessImpact,
    ownerService: z
      .string()
      .nullable()
      .default(null)
      .describe('Service whose team owns the metric.'),
    runbookUrl,
  })
  .describe('What is known about the metrics whose name fits a pattern.');

const service = z
  .strictObject({
    tenant: ownerTenant,
    name: name('Service by name.'),
    matchers: z
      .array(matcherOption)
      .default([])
      .describe(
        'Which series belong to it; all must match. Empty: label `service` equals the name.',
      ),
    dependsOn: z.array(z.string().min(1)).default([]).describe('Services that it calls, by name.'),
    ownerTeam: z.string().nullable().default(null).describe('Team that owns it.'),
    businessImpact,
    runbookUrl,
  })
  .describe('A service, its series and what it depends on.');

/** Options of the catalog: the definitions that a worker writes to the `catalog` topic when it starts. */
export const catalogOptions = z
  .strictObject({
    tenants: z
      .array(tenant)
      .default([])
      .describe('Tenants that may write; empty lets any tenant write.'),
    metrics: z.array(metric).default([]).describe('Metric definitions.'),
    services: z.array(service).default([]).describe('Services and their topology.'),
  })
  .superRefine((catalog, context) => {
    for (const [key, names] of namesOf(catalog)) {
      for (const [i, each] of names.entries()) {
        if (names.indexOf(each) < i) {
          context.addIssue({ code: 'custom', path: [key, i], message: `${each} is defined twice` });
        }
      }
    }
  })
  .describe('Definitions of tenants, metrics and services.');

/** Options of the catalog after parsing; every entry has the fields of its record on the `catalog` topic. */
export type CatalogOptions = z.output<typeof catalogOptions>;

interface Named {
  readonly tenant: string;
  readonly name: string;
}

function namesOf(catalog: {
  readonly tenants: readonly { readonly tenant: string }[];
  readonly metrics: readonly Named[];
  readonly services: readonly Named[];
}): [string, string[]][] {
  const full = (each: Named) => `${each.tenant}/${each.name}`;
  return [
    ['tenants', catalog.tenants.map((each) => each.tenant)],
    ['metrics', catalog.metrics.map(full)],
    ['services', catalog.services.map(full)],
  ];
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
