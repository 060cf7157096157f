import { z } from 'zod';
import { type DetectSettings, defaultSettings } from './detect-input.ts';
import { feedbackOptions } from './feedback-options.ts';
import { type DetectTuning, defaultTuning } from './tuning.ts';

/** Options of the detect stage: what holds for metrics whose definition does not say otherwise. */
export const detectOptions = z
  .strictObject({
    hop: z
      .int()
      .min(0)
      .max(1024)
      .default(0)
      .describe(
        'Points between two windows that the forest and the autoencoder look at; 0 goes by the interval: 1 from a minute up, 8 from a second up, else 32.',
      ),
    sensitivity: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.85)
      .describe(
        'How readily a score passes 1, as a ratio: 0.85 takes it as calibrated (a warning per 20 days of normal behaviour), more opens earlier.',
      ),
    direction: z
      .enum(['both', 'up', 'down'])
      .default('both')
      .describe('Which side of the expected value may open an episode.'),
    minAbs: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Least distance from the expected value that opens an episode, in the metric’s unit.',
      ),
    minRel: z
      .number()
      .min(0)
      .max(100)
      .default(defaultSettings.minRel)
      .describe(
        'Least distance that opens an episode, as a ratio of the expected value, or of the series’ own span where that is less.',
      ),
    season: z
      .enum(['none', 'daily', 'weekly'])
      .default(defaultSettings.season)
      .describe(
        'What of the season of series is told apart: `daily` times of day, `weekly` those of each weekday too, `none` saves half of their memory.',
      ),
    weeklySeries: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(defaultTuning.weeklySeries)
      .describe(
        'Most series of a partition whose weekdays are told apart, 1.4 kB each; what wants to be one more counts as `tier_refused_total`.',
      ),
    refractoryPoints: z
      .int()
      .min(1)
      .max(10_000)
      .default(defaultTuning.refractoryPoints)
      .describe('Points of a series after an onset within which no other episode of it opens.'),
    refractoryMinMs: z
      .int()
      .min(0)
      .default(defaultTuning.refractoryMinMs)
      .describe('Shortest such time, ms of event time.'),
    refractoryMaxMs: z
      .int()
      .min(0)
      .default(defaultTuning.refractoryMaxMs)
      .describe('Longest such time, ms of event time.'),
    confirmMs: z
      .int()
      .min(0)
      .default(defaultTuning.confirmMs)
      .describe(
        'For how long values must lie outside the band before an episode opens, ms; twice that for a critical one. Series with longer intervals need no second point.',
      ),
    entities: z
      .boolean()
      .default(true)
      .describe(
        'Whether what the series of a host or service say together is scored, beside each by itself.',
      ),
    cohorts: z
      .boolean()
      .default(true)
      .describe(
        'Whether a new series with 50 siblings or more (same tenant, metric and class, in its task) that had grown up by the end of the day before yesterday (UTC) is live after a third of the points and of the time that it needs alone, held to what they did when they were as young.',
      ),
    warmPoints: z
      .int()
      .min(32)
      .max(100_000)
      .default(defaultTuning.warmPoints)
      .describe(
        'Points of a new series before an episode may open, but for a leap or a standstill beyond all it has done.',
      ),
    warmMs: z
      .int()
      .min(0)
      .default(defaultTuning.warmMs)
      .describe(
        'Time until then, ms of event time; a series that stays above its band for a minute need not wait for it.',
      ),
    feedback: feedbackOptions.prefault({}),
  })
  .describe('How series are scored and when an episode opens.');

/** Options of the detect stage, defaults filled in. */
export type DetectOptions = z.output<typeof detectOptions>;

/** Returns the settings of a metric about which the catalog says nothing. */
export function settingsFrom(options: DetectOptions): DetectSettings {
  const { hop, sensitivity, direction, minAbs, minRel, season } = options;
  return { ...defaultSettings, hop, sensitivity, direction, minAbs, minRel, season };
}

/** Returns the constants of a detector by the options of its stage. */
export function tuningFrom(options: DetectOptions): DetectTuning {
  const { refractoryPoints, refractoryMinMs, refractoryMaxMs } = options;
  const refractory = { refractoryPoints, refractoryMinMs, refractoryMaxMs };
  const { confirmMs, warmPoints, warmMs, weeklySeries } = options;
  return { ...defaultTuning, ...refractory, confirmMs, warmPoints, warmMs, weeklySeries };
}
