import type { DriverRecord } from './driver-topics.ts';
import type { TopologyDriver } from './topology-driver.ts';

/** A dead letter as a test looks at it. */
export interface DeadLetter {
  readonly code: string;
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly points: number;
  readonly partial: boolean;
  readonly detail: string;
  /** All headers as text. */
  readonly headers: Readonly<Record<string, string>>;
  readonly record: DriverRecord;
}

/** Reads all dead letters of a driver. */
export function deadLetters(driver: TopologyDriver): DeadLetter[] {
  return driver.records('dead-letter').map((record) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(record.headers)) {
      headers[name] = Buffer.from(value).toString();
    }
    const text = (name: string) => headers[`error.${name}`] ?? '';
    return {
      code: text('code'),
      stage: text('stage'),
      topic: text('topic'),
      partition: Number(text('partition')),
      offset: Number(text('offset')),
      points: Number(text('points')),
      partial: text('partial') === 'true',
      detail: text('detail'),
      headers,
      record,
    };
  });
}
