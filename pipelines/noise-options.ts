import { z } from 'zod';
import { parseTimestamp } from './producers/timestamp-text.ts';

const MINUTES_PER_DAY = 1440;
const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Deviations that open no episode, of one side or both. */
const suppressionRule = z
  .strictObject({
    direction: z
      .enum(['BOTH', 'ABOVE', 'BELOW'])
      .default('BOTH')
      .describe('On which side of the expected value it holds.'),
    within: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe('Largest deviation that it covers, in `unit`.'),
    withinRel: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe('Largest deviation that it covers, as a ratio of the expected value.'),
  })
  .refine(({ within, withinRel }) => within !== null || withinRel !== null, {
    error: 'has no limit: give within, withinRel or both (for a whole side there is direction)',
  })
  .describe('A deviation that opens no episode: one within every limit given.');

const maintenanceWindow = z
  .strictObject({
    from: z.string().describe('Start, such as 2026-11-28T22:00Z.'),
    to: z.string().describe('End, exclusive.'),
  })
  .transform(({ from, to }, context) => {
    const fromMs = parseTimestamp(from);
    const toMs = parseTimestamp(to);
    if (fromMs !== undefined && toMs !== undefined && fromMs < toMs) return { fromMs, toMs };
    const message =
      'is no time from one moment to a later one, such as from: 2026-11-28T22:00Z, to: 2026-11-29T04:00Z';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .describe('A time in which no episode opens.');

const maintenanceHours = z
  .strictObject({
    days: z
      .array(z.enum(['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']))
      .default([])
      .describe('Days on which it begins; empty for every day.'),
    start: z
      .string()
      .regex(CLOCK, { error: 'is no time of day: write 02:00' })
      .describe('Time of day at which it begins, such as 02:00.'),
    end: z
      .string()
      .regex(/^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/, { error: 'is no time of day: write 04:00' })
      .describe('Time of day at which it ends, up to 24:00; not after the start: on the next day.'),
  })
  .transform(({ days, start, end }) => ({
    days,
    startMinute: minuteOf(start),
    endMinute: minuteOf(end),
  }))
  .describe('Hours of the week in which no episode opens, by the clocks of `timeZone`.');

/** What a metric’s definition may say against noise, beside direction, range and least deviations. */
export const noiseOptions = {
  suppress: z
    .array(suppressionRule)
    .max(16)
    .default([])
    .describe('Deviations that open no episode; any rule will do.'),
  ignoreConsecutive: z
    .number()
    .int()
    .min(0)
    .max(254)
    .default(0)
    .describe(
      'Points in a row that open no episode although they could; the next one does. 0 opens at the first.',
    ),
  maintenance: z
    .array(maintenanceWindow)
    .max(64)
    .default([])
    .describe('Times in which no episode opens.'),
  maintenanceHours: z
    .array(maintenanceHours)
    .max(64)
    .default([])
    .describe('Hours of the week in which no episode opens.'),
};

function minuteOf(clock: string): number {
  const [hours = '', minutes = ''] = clock.split(':');
  return Math.min(MINUTES_PER_DAY, 60 * Number(hours) + Number(minutes));
}
