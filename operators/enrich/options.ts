import { z } from 'zod';

/** Options of the enrich stage. */
export const enrichOptions = z
  .strictObject({
    maxSeriesPerTenant: z
      .int()
      .min(1)
      .default(10_000_000)
      .describe(
        'Most series a tenant may have, shared evenly by the partitions, unless its definition says otherwise; points of further series are dropped and counted.',
      ),
  })
  .describe('What is known of series.');

/** Parsed options of the enrich stage. */
export type EnrichOptions = z.infer<typeof enrichOptions>;
