import { idHex } from '../operators/stable-id.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Command, FeedbackSubject, Verdict } from '../schemas/generated/command.ts';
import type { SubjectType } from '../schemas/generated/subject-type.ts';
import { longId } from '../schemas/identity.ts';

/** What feedback is about: an anomaly, or a series of which nothing was told. */
export interface FeedbackTarget {
  readonly tenant: string;
  readonly subjectType: Extract<SubjectType, 'ANOMALY' | 'SERIES'>;
  readonly subject: Uint8Array;
  readonly about: FeedbackSubject;
}

/** What is said, by whom and from when. */
export interface FeedbackWords {
  /** Null takes back what was said before. */
  readonly verdict: Exclude<Verdict, 'UNKNOWN'> | null;
  /** Pseudonym. */
  readonly author: string;
  readonly comment: string;
  /** Event time, epoch ms. */
  readonly effectiveFromMs: number;
}

/** The anomaly as feedback speaks of it. */
export function targetOf(anomaly: Anomaly): FeedbackTarget | undefined {
  const { id, tenant, seriesId, metric, class: metricClass, peakScore } = anomaly;
  if (seriesId === null) return undefined;
  const about = { seriesId, metric, class: metricClass, peakScore };
  return { tenant, subjectType: 'ANOMALY', subject: id, about };
}

/** Makes the record that says it; the same words have the same id, so that to say them twice is harmless. */
export function feedbackCommand(
  { tenant, subjectType, subject, about }: FeedbackTarget,
  { verdict, author, comment, effectiveFromMs }: FeedbackWords,
): Command {
  return {
    id: longId(subject, verdict ?? 'WITHDRAWN', author, String(effectiveFromMs)),
    tenant,
    kind: verdict === null ? 'WITHDRAW_FEEDBACK' : 'FEEDBACK',
    subjectType,
    subject: idHex(subject),
    matchers: [],
    verdict,
    about,
    author,
    comment,
    effectiveFromMs,
    expiresMs: null,
  };
}
