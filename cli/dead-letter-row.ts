import type { PlacedRecord } from './read-topic.ts';

/** A dead letter as it is listed; `place` is its partition and offset on the dead-letter topic. */
export interface DeadLetterRow {
  readonly place: string;
  /** When it was written, epoch ms UTC. */
  readonly timestampMs: number;
  readonly code: string;
  readonly stage: string;
  /** Topic, partition and offset of the original record. */
  readonly source: string;
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
  const text = (name: string) => {
    const bytes = headers[name];
    return bytes === undefined ? '' : Buffer.from(bytes).toString();
  };
  return {
    place: `${partition}/${offset}`,
    timestampMs,
    code: text('error.code'),
    stage: text('error.stage'),
    source: `${text('error.topic')} ${text('error.partition')}/${text('error.offset')}`,
    points: Number(text('error.points')),
    bytes: value?.length ?? 0,
    detail: text('error.detail'),
  };
}
