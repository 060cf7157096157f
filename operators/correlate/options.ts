import { z } from 'zod';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function duration(description: string, byDefault: number, atLeast: number, atMost: number) {
  return z
    .number()
    .int()
    .min(atLeast)
    .max(atMost)
    .default(byDefault)
    .meta({ description, unit: 'ms' });
}

function count(description: string, unit: string, byDefault: number, atMost: number) {
  return z.number().int().min(1).max(atMost).default(byDefault).meta({ description, unit });
}

/**
 * Options of the correlate stage. All durations are event time.
 *
 * `windowMs` is the owner’s `alerting.correlation_window`.
 */
export const correlateOptions = z.strictObject({
  windowMs: duration(
    'Alerts of one group within this span belong to one incident; what ended is remembered as long.',
    5 * MINUTE_MS,
    1000,
    DAY_MS,
  ),
  groupBy: z
    .array(z.string().min(1).max(128))
    .max(16)
    .default(['service', 'host', 'host.name', 'instance', 'pod', 'service.instance.id'])
    .meta({
      description:
        'Labels that hold alerts together: of these, the first that an alert has. ' +
        'An alert with none is grouped by its metric.',
    }),
  minMembers: count(
    'Series that must have a warning within the window before warnings alone open an incident.',
    'series',
    3,
    100_000,
  ),
  pendingForMs: duration('Time an alert stays pending before it fires.', 0, 0, DAY_MS),
  resolveDelayMs: duration(
    'Time after the end of its episode at which an alert is resolved. Doubles with each flap.',
    MINUTE_MS,
    0,
    DAY_MS,
  ),
  maxResolveDelayMs: duration(
    'Longest delay that flapping can bring about.',
    30 * MINUTE_MS,
    0,
    DAY_MS,
  ),
  expireAfterMs: duration(
    'Time without any signal after which an open episode is taken to be over.',
    HOUR_MS,
    MINUTE_MS,
    30 * DAY_MS,
  ),
  updateIntervalMs: duration(
    'Least time between two records of an incident that only gained alerts or score.',
    30_000,
    0,
    HOUR_MS,
  ),
  repeatHorizonMs: duration(
    'Time for which the revisions of an episode are remembered, to ignore repeated records.',
    HOUR_MS,
    MINUTE_MS,
    30 * DAY_MS,
  ),
  maxBufferedSignals: count(
    'Signals that may wait for the watermark; above it the oldest are taken early.',
    'signals',
    50_000,
    10_000_000,
  ),
  maxAlerts: count(
    'Alerts held at once; above it the ended and then the quietest are given up.',
    'alerts',
    100_000,
    10_000_000,
  ),
  maxEpisodes: count(
    'Episodes remembered at once; above it the oldest are forgotten.',
    'episodes',
    200_000,
    10_000_000,
  ),
});

/** Checked options of the correlate stage. */
export type CorrelateOptions = z.output<typeof correlateOptions>;
