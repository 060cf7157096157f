/** Rows of one series as they are judged. */
export interface JudgedRows {
  readonly name: string;
  readonly scores: Float64Array;
  /** 0, 1: warning, 2: critical. */
  readonly onsets: Uint8Array;
  /** 1 where a row is anomalous. */
  readonly labels: Uint8Array;
  readonly days: number;
}

/** Counts of onsets against events; those of several series add up. */
export interface OnsetCounts {
  readonly days: number;
  readonly events: number;
  readonly eventsHit: number;
  readonly alerts: number;
  readonly trueAlerts: number;
  readonly criticalAlerts: number;
  readonly criticalTrue: number;
  readonly criticalHit: number;
  readonly normalRows: number;
  readonly normalFlagged: number;
}

/** Rows by which an event is widened: an alert a little early or late is its own. */
const BEFORE = 2;
const AFTER = 5;
const PROBATION_SHARE = 0.15;
const PROBATION_ROWS = 750;

/** Leaves out the first 15 % of the rows, at most 750: nothing is judged there. */
export function withoutProbation(rows: JudgedRows): JudgedRows {
  const total = rows.scores.length;
  const skip = Math.min(Math.floor(PROBATION_SHARE * total), PROBATION_ROWS);
  return {
    name: rows.name,
    scores: rows.scores.subarray(skip),
    onsets: rows.onsets.subarray(skip),
    labels: rows.labels.subarray(skip),
    days: (rows.days * (total - skip)) / total,
  };
}

/** Runs of labelled rows as `[first, last]`, widened; those that touch then are one. */
export function widenedEvents(labels: Uint8Array): [number, number][] {
  const events: [number, number][] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1) continue;
    let last = i;
    while (labels[last + 1] === 1) last += 1;
    const from = Math.max(0, i - BEFORE);
    const to = Math.min(labels.length - 1, last + AFTER);
    const before = events.at(-1);
    if (before !== undefined && from <= before[1] + 1) before[1] = to;
    else events.push([from, to]);
    i = last;
  }
  return events;
}

/** Counts alerts and events: an alert is true that starts in an event, an event is hit in which an alert starts. */
export function countOnsets(rows: JudgedRows): OnsetCounts {
  const { onsets, scores, labels } = rows;
  const events = widenedEvents(labels);
  const inside = new Uint8Array(labels.length);
  let eventsHit = 0;
  let criticalHit = 0;
  for (const [from, to] of events) {
    inside.fill(1, from, to + 1);
    const highest = onsets.subarray(from, to + 1).reduce((most, onset) => Math.max(most, onset), 0);
    if (highest > 0) eventsHit += 1;
    if (highest > 1) criticalHit += 1;
  }
  const count = { alerts: 0, trueAlerts: 0, criticalAlerts: 0, criticalTrue: 0 };
  let normalRows = 0;
  let normalFlagged = 0;
  for (let i = 0; i < onsets.length; i++) {
    const within = inside[i] as number;
    if (within === 0) {
      normalRows += 1;
      if ((scores[i] as number) >= 1) normalFlagged += 1;
    }
    if (onsets[i] === 0) continue;
    count.alerts += 1;
    count.trueAlerts += within;
    if (onsets[i] !== 2) continue;
    count.criticalAlerts += 1;
    count.criticalTrue += within;
  }
  const { days } = rows;
  return {
    days,
    events: events.length,
    eventsHit,
    criticalHit,
    normalRows,
    normalFlagged,
    ...count,
  };
}

/** Adds counts up. */
export function sumCounts(all: readonly OnsetCounts[]): OnsetCounts {
  const total = { ...emptyCounts };
  for (const one of all) {
    for (const key of Object.keys(total) as (keyof OnsetCounts)[]) total[key] += one[key];
  }
  return total;
}

const emptyCounts = {
  days: 0,
  events: 0,
  eventsHit: 0,
  alerts: 0,
  trueAlerts: 0,
  criticalAlerts: 0,
  criticalTrue: 0,
  criticalHit: 0,
  normalRows: 0,
  normalFlagged: 0,
};

/** Ratios of counts; NaN where nothing was counted. */
export interface OnsetRatios {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly falsePerDay: number;
  readonly criticalPrecision: number;
  readonly criticalRecall: number;
  readonly criticalFalsePerDay: number;
  readonly pointFalseRate: number;
}

export function onsetRatios(counts: OnsetCounts): OnsetRatios {
  const precision = counts.trueAlerts / counts.alerts;
  const recall = counts.eventsHit / counts.events;
  return {
    precision,
    recall,
    f1: precision * recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
    falsePerDay: (counts.alerts - counts.trueAlerts) / counts.days,
    criticalPrecision: counts.criticalTrue / counts.criticalAlerts,
    criticalRecall: counts.criticalHit / counts.events,
    criticalFalsePerDay: (counts.criticalAlerts - counts.criticalTrue) / counts.days,
    pointFalseRate: counts.normalFlagged / counts.normalRows,
  };
}
