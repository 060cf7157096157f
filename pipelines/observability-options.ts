import { z } from 'zod';

const listener = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether `vigie run` serves `/metrics`, `/livez` and `/readyz`. `vigie start` never does.',
      ),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe(
        'Address to listen on. There is neither TLS nor a login: anything but loopback is for networks that only your scraper reaches.',
      ),
    port: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(9464)
      .describe('Port to listen on; 0 takes any free one, which the log then names.'),
  })
  .describe('The HTTP listener for metrics and health.');

const selfAlerts = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether the worker watches itself, in log lines and as `monitoring_self_alert`.'),
    sampleIntervalMs: z
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .meta({ unit: 'ms' })
      .describe('How often the worker looks at its own figures and at the ends of its topics.'),
    expectedIntervalMs: z
      .number()
      .int()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .meta({ unit: 'ms' })
      .describe(
        'How often some series is expected to have a point; three of these without a scored point are an alert.',
      ),
    stallMs: z
      .number()
      .int()
      .min(1000)
      .max(3_600_000)
      .default(120_000)
      .meta({ unit: 'ms' })
      .describe('How long a stage may have input waiting and settle none of it.'),
    windowMs: z
      .number()
      .int()
      .min(1000)
      .max(3_600_000)
      .default(300_000)
      .meta({ unit: 'ms' })
      .describe(
        'Time over which lag is compared and discards are held against their dead letters and decisions.',
      ),
    minLagMs: z
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .default(30_000)
      .meta({ unit: 'ms' })
      .describe('Lag below which growth is no news.'),
  })
  .describe('How the worker watches itself.');

const traces = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'OpenTelemetry collector that takes OTLP over HTTP, such as `http://localhost:4318`; spans go to `/v1/traces` below it. Absent: no traces, and nothing of them is loaded.',
      ),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe(
        'Part of the traces beginning here that is sent. What continues a trace follows the decision made where it began.',
      ),
  })
  .describe('Traces: a span for every batch of every stage.');

/** Options of what a worker tells about itself. */
export const observabilityOptions = z
  .strictObject({
    listener: listener.prefault({}),
    selfAlerts: selfAlerts.prefault({}),
    traces: traces.prefault({}),
  })
  .describe('What a worker tells about itself: metrics, health, self-alerts, traces.');

/** Options of what a worker tells about itself, after parsing. */
export type ObservabilityOptions = z.output<typeof observabilityOptions>;
