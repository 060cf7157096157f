import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { partitionOfText } from '../schemas/identity.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import {
  type FeedbackTarget,
  type FeedbackWords,
  feedbackCommand,
  targetOf,
} from './feedback-command.ts';
import { eachRecord, findAnomaly, idPrefix, noAnomaly, theOne } from './find-anomaly.ts';
import { openSession, type Session } from './open-session.ts';
import { hexId } from './run-findings.ts';
import { printable, type Terminal } from './terminal.ts';
import { timeArgument } from './time-argument.ts';

const COMMANDS = 'commands';

/** What was typed: whose id, what is said of it, and from when. */
export interface FeedbackRequest extends Omit<FeedbackWords, 'effectiveFromMs'> {
  /** Of an anomaly, or, of what was missed, of a series; or its first digits. */
  readonly id: string;
  readonly from: string | undefined;
}

const said: Readonly<Record<NonNullable<FeedbackWords['verdict']>, string>> = {
  FALSE_ALARM: 'false positive',
  MISSED: 'missed',
  TRUE_ALARM: 'useful',
};

/**
 * Finds an anomaly, or a series of which a fault was missed, and writes to `commands` what a person thinks of it.
 *
 * Cost: one pass over `anomalies`; where none is found, over `series` too.
 *
 * @throws CommandFailure (exit 2) when no id or more than one begins so, or the time is none.
 */
export async function giveFeedback(
  config: Config,
  terminal: Terminal,
  request: FeedbackRequest,
): Promise<void> {
  const prefix = idPrefix(request.id);
  const nowMs = systemClock.nowMs();
  const effectiveFromMs = timeArgument('--from', request.from, nowMs) ?? nowMs;
  const session = await openSession(config, terminal);
  try {
    const target = await findTarget(session, terminal.signal, request, prefix);
    const command = feedbackCommand(target, { ...request, effectiveFromMs });
    const { transport, codec } = session;
    await transport.write(COMMANDS, [
      {
        topic: session.prefix + COMMANDS,
        partition: partitionOfText(target.tenant, config.topics.partitions),
        key: command.id,
        value: codec.encode('Command', command),
        headers: {},
        timestampMs: nowMs,
      },
    ]);
    terminal.out.write(confirmation(target, request, effectiveFromMs));
  } finally {
    await session.close();
  }
}

async function findTarget(
  session: Session,
  signal: AbortSignal,
  { verdict }: FeedbackRequest,
  prefix: string,
): Promise<FeedbackTarget> {
  const anomaly = await findAnomaly(session, signal, prefix);
  if (anomaly !== undefined) return requireSeries(anomaly);
  // Of what was missed there may be no anomaly; what was said of it may be taken back.
  const mayBeSeries = verdict === 'MISSED' || verdict === null;
  const series = mayBeSeries ? await findSeries(session, signal, prefix) : undefined;
  if (series === undefined) throw noAnomaly(prefix);
  return seriesTarget(series);
}

/** Feedback moves what series open at: of an entity’s anomaly it would move nothing. */
function requireSeries(anomaly: Anomaly): FeedbackTarget {
  const target = targetOf(anomaly);
  if (target !== undefined) return target;
  throw new CommandFailure(
    `anomaly ${hexId(anomaly.id).slice(0, 8)} is of no single series`,
    exitCode.usage,
    'Say it of the anomalies of its series.',
  );
}

async function findSeries(
  session: Session,
  signal: AbortSignal,
  prefix: string,
): Promise<SeriesDefinition | undefined> {
  const found = new Map<string, SeriesDefinition>();
  await eachRecord(session, 'series', signal, (record) => {
    if (record.name !== 'SeriesDefinition') return;
    const id = hexId(record.value.seriesId);
    if (id.startsWith(prefix)) found.set(id, record.value);
  });
  return theOne('series', prefix, found);
}

/** Its class is detect’s to know. */
function seriesTarget({ seriesId, tenant, name }: SeriesDefinition): FeedbackTarget {
  const about = { seriesId, metric: name, class: null, peakScore: 0 };
  return { tenant, subjectType: 'SERIES', subject: seriesId, about };
}

function confirmation(
  { about, subjectType, subject }: FeedbackTarget,
  { verdict }: FeedbackRequest,
  effectiveFromMs: number,
): string {
  const what = verdict === null ? 'taken back' : `noted as ${said[verdict]}`;
  const thing = `${subjectType.toLowerCase()} ${hexId(subject).slice(0, 8)}`;
  const since = new Date(effectiveFromMs).toISOString();
  const undo = verdict === null ? '' : `; \`--undo\` takes it back`;
  return `${thing} of ${printable(about.metric)}: ${what}, acts on points from ${since}${undo}\n`;
}
