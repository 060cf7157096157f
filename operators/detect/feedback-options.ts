import { z } from 'zod';

/** Guard rails of feedback: how far, and for how long, marks may move the score at which episodes open. */
export const feedbackOptions = z
  .strictObject({
    highestLevel: z
      .number()
      .min(1)
      .max(1.9)
      .default(1.5)
      .describe(
        'Highest opening score that false alarms may lead to; what scores critical (2) always opens. 1 switches their effect off.',
      ),
    lowestLevel: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.75)
      .describe(
        'Lowest opening score that missed faults may lead to. 1 switches their effect off.',
      ),
    caution: z
      .number()
      .min(1)
      .max(1000)
      .default(10)
      .describe(
        'Marks that the level as calibrated counts for: the more, the less a single mark moves it.',
      ),
    ownWeight: z
      .number()
      .min(1)
      .max(100)
      .default(4)
      .describe('What a mark counts for its own series, in marks for others of its cohort.'),
    halfLifeMs: z
      .int()
      .min(86_400_000)
      .default(30 * 86_400_000)
      .meta({ unit: 'ms' })
      .describe('Event time within which a mark loses half its weight; counted in whole UTC days.'),
    maxAgeMs: z
      .int()
      .min(86_400_000)
      .default(90 * 86_400_000)
      .meta({ unit: 'ms' })
      .describe('Event time after which a mark is forgotten.'),
  })
  .describe('What feedback by people may do to the score at which episodes open.');

/** Guard rails of feedback, defaults filled in. */
export type FeedbackOptions = z.output<typeof feedbackOptions>;
