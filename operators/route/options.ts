import { z } from 'zod';
import { parseMatcher } from './label-matcher.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function interval(description: string, atLeast: number) {
  return z
    .number()
    .int()
    .min(atLeast)
    .max(30 * DAY_MS)
    .meta({ description, unit: 'ms' });
}

const receiver = z.strictObject({
  name: z.string().min(1).max(128).meta({ description: 'Name by which routes name it.' }),
  integration: z
    .enum(['console', 'file'])
    .meta({ description: '`console` writes text to the terminal, `file` appends a line of JSON.' }),
  path: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'File that `file` appends to, under the data folder unless absolute.' }),
  sendResolved: z
    .boolean()
    .default(true)
    .meta({ description: 'Tells the end of an incident too.' }),
  timeoutMs: z.number().int().min(100).max(600_000).default(10_000).meta({
    description: 'Time that one attempt may take; then it has failed (`SINK_TIMEOUT`).',
    unit: 'ms',
  }),
});

/** A branch of the route tree as it is configured. */
export interface RouteConfig {
  readonly receiver?: string | undefined;
  readonly matchers: readonly string[];
  readonly continue: boolean;
  readonly groupBy?: readonly string[] | undefined;
  readonly groupWaitMs?: number | undefined;
  readonly groupIntervalMs?: number | undefined;
  readonly repeatIntervalMs?: number | undefined;
  readonly routes: readonly RouteConfig[];
}

/** The same before defaults are filled in. */
interface RouteInput {
  receiver?: string | undefined;
  matchers?: string[] | undefined;
  continue?: boolean | undefined;
  groupBy?: string[] | undefined;
  groupWaitMs?: number | undefined;
  groupIntervalMs?: number | undefined;
  repeatIntervalMs?: number | undefined;
  routes?: RouteInput[] | undefined;
}

const route: z.ZodType<RouteConfig, RouteInput> = z.strictObject({
  receiver: z.string().min(1).optional().meta({
    description:
      'Receiver by name; absent: that of the route above, at the root the first receiver.',
  }),
  matchers: z
    .array(z.string())
    .default([])
    .meta({
      description:
        'Conditions that must all hold, as in Alertmanager: `severity="critical"`; =, !=, =~, !~. ' +
        'Labels are those the alerts of the incident share, and tenant and severity.',
    }),
  continue: z.boolean().default(false).meta({ description: 'Lets the routes after it match too.' }),
  groupBy: z
    .array(z.string().min(1))
    .optional()
    .meta({
      description:
        'Labels that hold incidents together in one notification; `incident` keeps each apart, ' +
        '`...` takes all labels. Absent: those of the route above, at the root `incident`.',
    }),
  groupWaitMs: interval('Wait before the first notification of a group.', 0).optional(),
  groupIntervalMs: interval('Wait before a changed group is told again.', 1000).optional(),
  repeatIntervalMs: interval('Wait before an unchanged group is told again.', MINUTE_MS).optional(),
  routes: z
    .lazy(() => z.array(route))
    .default([])
    .meta({ description: 'Routes below it, tried in order; the first that matches wins.' }),
});

/**
 * Options of the route stage. All durations are event time.
 *
 * `maxNotificationsPerHour` is the owner’s `alerting.max_notifications_per_hour`.
 */
export const routeOptions = z
  .strictObject({
    receivers: z
      .array(receiver)
      .min(1)
      .max(1000)
      .default([{ name: 'console', integration: 'console', sendResolved: true, timeoutMs: 10_000 }])
      .meta({ description: 'Where notifications can go.' }),
    route: route
      .prefault({})
      .meta({ description: 'The root of the route tree; it takes every incident.' }),
    maxNotificationsPerHour: z.number().int().min(1).max(100_000).default(10).meta({
      description:
        'Notifications per tenant and receiver in any hour; what is above is held and told in one digest.',
      unit: 'notifications/h',
    }),
    retryIntervalMs: interval(
      'Wait before a notification that failed is planned again.',
      1000,
    ).default(5 * MINUTE_MS),
    giveUpAfterMs: interval(
      'Time after which a notification without success is given up.',
      MINUTE_MS,
    ).default(DAY_MS),
    repeatHorizonMs: interval(
      'Time for which a resolved incident is remembered, to ignore repeated records.',
      MINUTE_MS,
    ).default(HOUR_MS),
    maxIncidents: z.number().int().min(1).max(1_000_000).default(10_000).meta({
      description:
        'Incidents held at once; above it resolved ones are forgotten, then new ones are not told.',
      unit: 'incidents',
    }),
    maxPayloadBytes: z
      .number()
      .int()
      .min(1024)
      .max(1_048_576)
      .default(65_536)
      .meta({ description: 'Longest text of a notification.', unit: 'bytes' }),
  })
  .superRefine((options, context) => {
    const names = new Set(options.receivers.map((each) => each.name));
    const fault = (path: readonly (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    options.receivers.forEach((each, index) => {
      const isTwice = options.receivers.findIndex(({ name }) => name === each.name) !== index;
      if (isTwice) fault(['receivers', index, 'name'], `receiver ${each.name} is there already`);
      if (each.integration === 'file' && each.path === undefined) {
        fault(['receivers', index, 'path'], 'a file receiver needs a path');
      }
    });
    if (options.route.matchers.length > 0) {
      fault(['route', 'matchers'], 'the root route takes every incident and has no matchers');
    }
    checkRoute(options.route, ['route'], names, fault);
  });

/** Checked options of the route stage. */
export type RouteOptions = z.output<typeof routeOptions>;

/** A receiver as it is configured. */
export type ReceiverOptions = RouteOptions['receivers'][number];

function checkRoute(
  config: RouteConfig,
  path: readonly (string | number)[],
  receivers: ReadonlySet<string>,
  fault: (path: readonly (string | number)[], message: string) => void,
): void {
  if (config.receiver !== undefined && !receivers.has(config.receiver)) {
    fault([...path, 'receiver'], `there is no receiver ${config.receiver}`);
  }
  config.matchers.forEach((text, index) => {
    if (parseMatcher(text) === undefined) {
      fault([...path, 'matchers', index], `not a matcher such as severity="critical": ${text}`);
    }
  });
  config.routes.forEach((child, index) => {
    checkRoute(child, [...path, 'routes', index], receivers, fault);
  });
}
