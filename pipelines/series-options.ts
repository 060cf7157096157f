import { z } from 'zod';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Options of the series that are held in memory. */
export const seriesOptions = z
  .strictObject({
    ttlMs: z
      .int()
      .min(2 * HOUR_MS)
      .max(365 * DAY_MS)
      .default(7 * DAY_MS)
      .meta({ unit: 'ms' })
      .describe(
        'A series that is not heard of for so long, in the event time of its partition, is given up: its memory and its place in the tenant’s limit are free, `series` gets a tombstone, and should it come back it starts as new. Whole hours.',
      ),
    definitionMemoryBytes: z
      .int()
      .min(1024 ** 2)
      .default(16 * 1024 ** 2)
      .meta({ unit: 'bytes' })
      .describe(
        'Memory for names and labels of the series of a partition, which are only read when an anomaly needs them; what is beyond it lies in a scratch file.',
      ),
    scratchDir: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder of the scratch files, on a disk; by default `transport.embedded.dir`, or the system’s folder for temporary files on Kafka. Nothing in it outlives the process.',
      ),
  })
  .describe('Series held in memory.');

/** Options of the series that are held in memory, after parsing. */
export type SeriesOptions = z.output<typeof seriesOptions>;

/** The same with every default worked out, as kernels get it. */
export type SeriesSettings = SeriesOptions & { readonly scratchDir: string };
