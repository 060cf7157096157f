import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import { readHistory } from './anomaly-history.ts';
import type { AnomalyView } from './anomaly-view.ts';
import { CommandFailure } from './exit-code.ts';
import { explanationSvg } from './explanation-svg.ts';
import { eachRecord, findAnomaly, idPrefix, noAnomaly } from './find-anomaly.ts';
import { openSession, type Session } from './open-session.ts';
import { openProgress } from './progress.ts';
import { recordJson } from './record-json.ts';
import { type Explanation, renderExplanation } from './render-explanation.ts';
import { hexId } from './run-findings.ts';
import { paintFor, type Terminal } from './terminal.ts';

/** What is to be explained, and how. */
export interface ExplainRequest {
  readonly id: string;
  readonly json: boolean;
  /** Whether its series is read from `metrics.enriched`. */
  readonly history: boolean;
  /** File to draw it in. */
  readonly svg: string | undefined;
}

/**
 * Finds an episode by its id or the beginning of it, and prints why it was opened.
 *
 * Cost: one pass over `anomalies`, `alerts` and `incidents`; for the history one over a partition of `metrics.enriched`, or
 * all of them where the service is known, and the models over what is left of the series.
 *
 * @throws CommandFailure (exit 2) when no id or more than one begins so.
 */
export async function explainAnomaly(
  config: Config,
  terminal: Terminal,
  request: ExplainRequest,
): Promise<void> {
  const prefix = idPrefix(request.id);
  const session = await openSession(config, terminal);
  const progress = openProgress(terminal, () => systemClock.nowMs());
  try {
    const found = await findExplanation(session, terminal.signal, prefix);
    progress.show('reading the series …');
    const view = request.history
      ? await readView(session, terminal.signal, found.anomaly, config.topics.partitions)
      : undefined;
    progress.clear();
    if (request.svg !== undefined) writeDrawing(terminal, request.svg, found.anomaly, view);
    terminal.out.write(textOf({ ...found, view }, request, terminal));
  } finally {
    progress.clear();
    await session.close();
  }
}

async function readView(
  session: Session,
  signal: AbortSignal,
  anomaly: Anomaly,
  partitions: number,
): Promise<AnomalyView | undefined> {
  const history = await readHistory(session, signal, anomaly, partitions);
  if (history.course.values.length === 0) return undefined;
  const [{ forecastBand }, { anomalyView }] = await Promise.all([
    import('./forecast-band.ts'),
    import('./anomaly-view.ts'),
  ]);
  const band = await forecastBand(history.course, history.context);
  return anomalyView(anomaly, history, band);
}

function writeDrawing(
  { cwd, err }: Terminal,
  file: string,
  anomaly: Anomaly,
  view: AnomalyView | undefined,
): void {
  const place = path.resolve(cwd, file);
  try {
    writeFileSync(place, explanationSvg(anomaly, view));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(`${file} cannot be written: ${reason}`);
  }
  err.write(`drawn in ${file}\n`);
}

function textOf(explanation: Explanation, { json }: ExplainRequest, terminal: Terminal): string {
  const { anomaly, view, alerts, incidents } = explanation;
  if (!json) {
    const paint = paintFor(terminal.out, terminal.environment);
    return renderExplanation(explanation, paint, terminal.out.columns);
  }
  const found = view?.nearest;
  const nearest =
    found === undefined
      ? null
      : { startMs: found.startMs, endMs: found.endMs, distance: found.distance };
  const document = {
    anomaly: recordJson('Anomaly', anomaly),
    alerts: alerts.map((alert) => recordJson('Alert', alert)),
    incidents: incidents.map((incident) => recordJson('Incident', incident)),
    nearest,
    movedTogether: view?.covariates ?? [],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

async function findExplanation(
  session: Session,
  signal: AbortSignal,
  prefix: string,
): Promise<Explanation> {
  const anomaly = await findAnomaly(session, signal, prefix);
  if (anomaly === undefined) throw noAnomaly(prefix);
  const id = hexId(anomaly.id);
  const alerts = new Map<string, Alert>();
  await eachRecord(session, 'alerts', signal, (record) => {
    if (record.name !== 'Alert') return;
    if (record.value.anomalyIds.some((each) => hexId(each) === id))
      alerts.set(hexId(record.value.id), record.value);
  });
  const incidents = new Map<string, Incident>();
  await eachRecord(session, 'incidents', signal, (record) => {
    if (record.name !== 'Incident') return;
    if (record.value.alertIds.some((each) => alerts.has(hexId(each))))
      incidents.set(hexId(record.value.id), record.value);
  });
  return { anomaly, alerts: [...alerts.values()], incidents: [...incidents.values()] };
}
