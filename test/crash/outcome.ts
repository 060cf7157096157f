import { expect } from 'vitest';
import { enrichedPoints } from '../support/enriched-points.ts';
import { anomalyLines, type PipelineTopics, readTopic } from '../support/pipeline-reading.ts';

/** What a run left on its topics, every record counted once: what is there again is a repeat by its id and revision. */
export interface Outcome {
  /** Anomaly records: id, revision, phase, times and the bits of the scores. */
  readonly anomalies: readonly string[];
  /** Changes of alerts and of incidents, whole records but for the numbers of decisions. */
  readonly alerts: readonly string[];
  readonly incidents: readonly string[];
  /** Ids among them. */
  readonly episodes: number;
  readonly incidentIds: number;
  readonly series: number;
  readonly points: number;
  /** Points that stand on `metrics.enriched` more than once. */
  readonly repeated: number;
  /** Raw records that became dead letters. */
  readonly deadLetters: number;
}

/** Reads what a run left. */
export async function readOutcome(topics: PipelineTopics): Promise<Outcome> {
  const { times, repeated } = await enrichedPoints(topics);
  const points = [...times.values()].reduce((sum, each) => sum + each.size, 0);
  const anomalies = await anomalyLines(topics);
  const { alerts, incidents } = await historyLines(topics);
  const ids = (lines: readonly string[]): number =>
    new Set(lines.map((line) => line.slice(0, line.indexOf(' ')))).size;
  return {
    anomalies,
    alerts,
    incidents,
    episodes: ids(anomalies),
    incidentIds: ids(incidents),
    series: times.size,
    points,
    repeated,
    deadLetters: await deadLetters(topics),
  };
}

/** Compares a run with the undisturbed one: the same findings, the same points, the same dead letters. */
export function expectSameOutcome(outcome: Outcome, expected: Outcome): void {
  for (const what of ['anomalies', 'alerts', 'incidents'] as const) {
    const found = new Set(outcome[what]);
    const known = new Set(expected[what]);
    const missing = expected[what].filter((line) => !found.has(line));
    const added = outcome[what].filter((line) => !known.has(line));
    expect({
      what,
      missing: missing.length,
      added: added.length,
      of: [missing[0], added[0]],
    }).toEqual({ what, missing: 0, added: 0, of: [undefined, undefined] });
  }
  const { series, points, deadLetters } = outcome;
  expect([series, points, deadLetters]).toEqual([
    expected.series,
    expected.points,
    expected.deadLetters,
  ]);
}

/** All changes of alerts and incidents, each once, as lines that begin with the id. */
async function historyLines(
  topics: PipelineTopics,
): Promise<{ readonly alerts: readonly string[]; readonly incidents: readonly string[] }> {
  const lines = { Alert: new Set<string>(), Incident: new Set<string>() };
  for await (const { value } of readTopic(topics, 'alerts.history')) {
    const { name, value: record } = topics.codec.decode(value ?? new Uint8Array(0), [
      'Alert',
      'Incident',
    ]);
    lines[name].add(`${hex(record.id)} ${record.revision} ${JSON.stringify(record, plain)}`);
  }
  return { alerts: [...lines.Alert].sort(), incidents: [...lines.Incident].sort() };
}

/**
 * Decisions are numbered as they are taken, and a repeated signal is one more: the number depends on the crash, what was
 * decided does not.
 */
function plain(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const own = this[key];
  if (own instanceof Uint8Array) return hex(own);
  return key === 'decisionId' ? undefined : value;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function deadLetters(topics: PipelineTopics): Promise<number> {
  const origins = new Set<string>();
  for await (const { headers } of readTopic(topics, 'dead-letter')) {
    const parts = ['topic', 'partition', 'offset'].map((name) => headers[`error.${name}`]);
    origins.add(parts.map((part) => Buffer.from(part ?? []).toString()).join('/'));
  }
  return origins.size;
}
