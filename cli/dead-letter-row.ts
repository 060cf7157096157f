import { headerText } from '../runtime/dead-letter.ts';
import type { PlacedRecord } from './read-topic.ts';

/** A dead letter as it is listed; `place` is its partition and offset on the dead-letter topic. */
export interface DeadLetterRow {
  readonly place: string;
  /** When the refused record was written, epoch ms UTC. */
  readonly timestampMs: number;
  readonly code: string;
  readonly stage: string;
  /** Topic, partition and offset of the original record. */
  readonly source: string;
  /** Empty where it could not be told. */
  readonly tenant: string;
  /** How often the record has been refused. */
  readonly attempts: number;
  /** How many refused records it stands for, where others were left out before it. */
  readonly standsFor: number;
  readonly points: number;
  readonly bytes: number;
  readonly detail: string;
}

/** Reads a dead letter’s headers. */
export function deadLetterRow({
  partition,
  offset,
  timestampMs,
  headers,
  value,
}: PlacedRecord): DeadLetterRow {
  const text = (name: string) => headerText(headers, `error.${name}`);
  return {
    place: `${partition}/${offset}`,
    timestampMs,
    code: text('code'),
    stage: text('stage'),
    source: `${text('topic')} ${text('partition')}/${text('offset')}`,
    tenant: text('tenant'),
    attempts: Number(text('attempts')),
    standsFor: Math.max(1, Number(text('sampled'))),
    points: Number(text('points')),
    bytes: value?.length ?? 0,
    detail: text('detail'),
  };
}
