import { z } from 'zod';

/**
 * Options of the validate stage; the label limits have Mimir’s names and defaults.
 */
export const validateOptions = z
  .strictObject({
    maxRecordBytes: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024)
      .default(16 * 1024 * 1024)
      .describe('Largest raw record that is decoded, bytes; a larger one is a dead letter.'),
    maxSeriesPerRecord: z
      .int()
      .min(1)
      .max(50_000)
      .default(50_000)
      .describe('Most series of one raw record; one with more is a dead letter.'),
    maxTenantLength: z
      .int()
      .min(1)
      .max(256)
      .default(150)
      .describe('Longest tenant name, characters.'),
    maxUnitLength: z.int().min(1).max(1024).default(64).describe('Longest unit, characters.'),
    maxNameLength: z
      .int()
      .min(1)
      .max(65536)
      .default(1024)
      .describe('Longest metric name, characters.'),
    maxLabelNamesPerSeries: z
      .int()
      .min(1)
      .max(1000)
      .default(30)
      .describe('Most labels on one series (Mimir: max_label_names_per_series).'),
    maxLabelNameLength: z
      .int()
      .min(1)
      .max(65536)
      .default(1024)
      .describe('Longest label name, characters (Mimir: max_label_name_length).'),
    maxLabelValueLength: z
      .int()
      .min(1)
      .max(65536)
      .default(2048)
      .describe('Longest label value, characters (Mimir: max_label_value_length).'),
    creationGracePeriodMs: z
      .int()
      .min(0)
      .default(600_000)
      .describe(
        'How far a timestamp may lie ahead of its record’s, ms (Mimir: creation_grace_period).',
      ),
    maxAgeMs: z
      .int()
      .min(0)
      .default(3_600_000)
      .describe(
        'How far a timestamp may lie behind its record’s, ms, unless the record is marked as back-fill.',
      ),
    historicalAfterMs: z
      .int()
      .min(0)
      .default(900_000)
      .describe(
        'Points older than this against their record, ms, are scored and stored but notify nobody.',
      ),
    recentSeries: z
      .int()
      .min(16)
      .default(6_000_000)
      .describe(
        'Series that are remembered per partition: those whose definition was sent lately and is not repeated, and those whose records begin alike and are not decoded again. 14 to 30 bytes each.',
      ),
    entityLabels: z
      .array(z.string().min(1))
      .min(1)
      .default(['service.instance.id', 'pod', 'instance', 'host', 'service'])
      .describe(
        'Labels that name the entity of a series, the first present wins; never change it on a running system.',
      ),
  })
  .describe('What a raw record must be like.');

/** Parsed options of the validate stage. */
export type ValidateOptions = z.infer<typeof validateOptions>;
