import { z } from 'zod';
import { LOG_LEVELS } from '../runtime/log.ts';
import { topics } from '../schemas/topics.ts';

const topicNames = topics.map(({ name }) => name);

/** Dead letters are kept by task, tenant and code: enough to see and mend a fault, not enough to fill a disk with it. */
const deadLetterOptions = z
  .strictObject({
    maxPerMinute: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe(
        'Refused records of one tenant and code that become dead letters in any case, per partition and minute of record time. What is beyond is counted, on the metrics and on `decisions`, and cannot be redriven.',
      ),
    sampleEvery: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('Beyond that, each so-manieth becomes one all the same; 1 keeps all.'),
  })
  .describe('How many dead letters are kept.');

/** Options of the worker process: threads, deadlines, buffers, state and log. */
export const runtimeOptions = z
  .strictObject({
    threads: z
      .number()
      .int()
      .min(0)
      .max(256)
      .default(0)
      .describe('Threads that run stages; 0 takes one per core.'),
    kernelTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(3_600_000)
      .default(30_000)
      .meta({ unit: 'ms' })
      .describe(
        'Time a stage may take for one batch; then its thread is recycled and its state rebuilt.',
      ),
    checkpointIntervalMs: z
      .number()
      .int()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .meta({ unit: 'ms' })
      .describe('Longest time a change of state stays unsaved.'),
    checkpointPartBytes: z
      .number()
      .int()
      .min(16 * 1024)
      .max(1024 ** 3)
      .default(8 * 1024 ** 2)
      .meta({ unit: 'bytes' })
      .describe(
        'Changed state that a task takes out of its memory, and writes, at a time. A larger checkpoint has several parts, and input is processed between them; smaller parts hold input up for less time each and make more requests.',
      ),
    standbyReplicas: z
      .number()
      .int()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Workers that keep the state of each task besides the one that works on it; with 1 a worker’s death costs no restore, and state takes twice the memory. Needs Kafka and a second worker.',
      ),
    maxBufferedBytes: z
      .number()
      .int()
      .min(1024 ** 2)
      .max(16 * 1024 ** 3)
      .default(64 * 1024 ** 2)
      .meta({ unit: 'bytes' })
      .describe('Input that may wait in memory; above it fetching pauses.'),
    deadLetters: deadLetterOptions.prefault({}),
    logLevel: z.enum(LOG_LEVELS).default('info').describe('Least severe log line that is written.'),
    clusterName: z
      .string()
      .min(1)
      .optional()
      .describe('Name of this installation; stands as `cluster` in every log line.'),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe('Namespace of this installation; stands as `namespace` in every log line.'),
  })
  .describe('The worker process.');

/** Options of the worker process after parsing. */
export type RuntimeOptions = z.output<typeof runtimeOptions>;

/** Options of all topics. */
export const topicsOptions = z
  .strictObject({
    prefix: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{0,100}$/)
      .default('vigie.')
      .describe('Begins the name of every topic and consumer group.'),
    partitions: z
      .number()
      .int()
      .min(1)
      .max(4096)
      .refine((count) => Number.isInteger(Math.log2(count)), { error: 'must be a power of two' })
      .default(4)
      .describe(
        'Partitions of each topic, a power of two. Cannot be changed once series are placed by it.',
      ),
    retentionMs: z
      .partialRecord(z.enum(topicNames), z.number().int().min(60_000))
      .prefault({})
      .transform((byTopic): Readonly<Record<string, number>> => byTopic as Record<string, number>)
      .meta({ unit: 'ms' })
      .describe('Retention by topic, without prefix, where it differs from the catalogue.'),
  })
  .describe('All topics.');

/** Options of all topics after parsing. */
export type TopicsOptions = z.output<typeof topicsOptions>;
