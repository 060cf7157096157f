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
    memoryBytes: z
      .int()
      .min(64 * 1024 ** 2)
      .optional()
      .meta({ unit: 'bytes' })
      .describe(
        'Most memory for the series of all partitions together, shared evenly by them, beside `definitionMemoryBytes`; each counts as one whose season is known. When nine tenths are used, new series of tenants that hold more than an even share are refused, at the end all new ones; series that are known go on. By default there is no such cap.',
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
