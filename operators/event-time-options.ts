import { z } from 'zod';

/** What may become of points that come behind the watermark. */
const latePoints = ['score', 'count', 'drop'] as const;

/**
 * Options of event time, for the stages that make it, pass it on and go by it.
 */
export const eventTimeOptions = z
  .strictObject({
    allowedLatenessMs: z
      .int()
      .min(0)
      .default(5000)
      .meta({ unit: 'ms' })
      .describe(
        'How far the watermark stays behind the newest point: so long correlate waits for slower series.',
      ),
    tickIntervalMs: z
      .int()
      .min(100)
      .default(1000)
      .meta({ unit: 'ms' })
      .describe('Event time between two ticks that tell the next stage the watermark.'),
    idleTimeoutMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(10_000)
      .meta({ unit: 'ms' })
      .describe(
        'A raw partition in which nothing comes for so long holds the watermark no longer; a worker logs that to the partition, and again after each such time, by which event time goes on.',
      ),
    failoverTimeoutMs: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(120_000)
      .meta({ unit: 'ms' })
      .describe(
        'A partition of the stage before of which nothing is heard, because no worker has it or all its records are bad, holds the watermark until others are so far ahead. Up to there a fail-over changes nothing in episodes of entities, alerts and incidents, which wait for it.',
      ),
    maxSkewMs: z
      .int()
      .min(60_000)
      .default(86_400_000)
      .meta({ unit: 'ms' })
      .describe(
        'A partition of the stage before that is further behind the furthest one than this does not hold the watermark.',
      ),
    latePoints: z
      .enum(latePoints)
      .default('score')
      .describe(
        'What becomes of points behind the watermark, unless their metric’s definition says otherwise. `score`: scored as any other. `count`: the series goes on by them, but they are not scored. `drop`: left out as if they had never come. All are counted; back-fill is never late.',
      ),
  })
  .describe('How event time goes on, and what becomes of points that come late.');

/** Parsed options of event time. */
export type EventTimeOptions = z.output<typeof eventTimeOptions>;

/** What becomes of a late point. */
export type LatePoints = EventTimeOptions['latePoints'];
