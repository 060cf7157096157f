import type { Transport } from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import { decodeValue } from './decode-record.ts';
import { readTopic } from './read-topic.ts';
import type { RunFindings } from './run-findings.ts';

/** Records looked at before the run, per partition; most of them are ticks. */
const EARLIER_RECORDS = 10_000;
const FOLLOWED = ['anomalies', 'alerts', 'incidents'] as const;

/** Hands every new episode and incident of a running pipeline on. */
export interface LiveFeed {
  /** Reads what was written up to this moment, then ends. */
  finish(): Promise<void>;
}

/** What the feed reads from and fills. */
export interface LiveFeedOptions {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly prefix: string;
  readonly findings: RunFindings;
}

/**
 * Follows anomalies, alerts and incidents from their present ends, and fills the findings of a run with them.
 */
export async function openLiveFeed(options: LiveFeedOptions): Promise<LiveFeed> {
  const { transport, prefix } = options;
  const abort = new AbortController();
  const next = new Map<string, number>();
  for (const topic of FOLLOWED) {
    for (const { partition, high } of await transport.ranges(prefix + topic))
      next.set(`${topic}/${partition}`, high);
  }
  await readEarlier(options, next);
  const pump = (topic: (typeof FOLLOWED)[number], follow: boolean, signal: AbortSignal) =>
    readTopic(
      transport,
      {
        topic: prefix + topic,
        from: ({ partition, low }) => next.get(`${topic}/${partition}`) ?? low,
        follow,
        signal,
      },
      (records) => {
        for (const { partition, offset, value } of records) {
          next.set(`${topic}/${partition}`, offset + 1);
          if (value !== null) take(options, value);
        }
      },
    );
  const following = Promise.all(FOLLOWED.map((topic) => pump(topic, true, abort.signal)));
  // The pipeline's own fault ends the run; a reader that fails with it says nothing new.
  following.catch(() => undefined);
  return {
    async finish() {
      abort.abort();
      await following;
      const never = new AbortController().signal;
      await Promise.all(FOLLOWED.map((topic) => pump(topic, false, never)));
    },
  };
}

/** Reads the episodes just before the run, which its alerts may be about. */
async function readEarlier(
  { transport, codec, prefix, findings }: LiveFeedOptions,
  ends: ReadonlyMap<string, number>,
): Promise<void> {
  const from = ({ partition }: { readonly partition: number }) =>
    (ends.get(`anomalies/${partition}`) ?? 0) - EARLIER_RECORDS;
  const signal = new AbortController().signal;
  await readTopic(
    transport,
    { topic: `${prefix}anomalies`, from, follow: false, signal },
    (records) => {
      for (const { value } of records) {
        const record = value === null ? undefined : decodeValue(codec, value);
        if (record?.name === 'Anomaly') findings.takeEarlier(record.value);
      }
    },
  );
}

function take({ codec, findings }: LiveFeedOptions, value: Uint8Array): void {
  const record = decodeValue(codec, value);
  if (record.name === 'Anomaly') findings.takeAnomaly(record.value);
  else if (record.name === 'Alert') findings.takeAlert(record.value);
  else if (record.name === 'Incident') findings.takeIncident(record.value);
}
