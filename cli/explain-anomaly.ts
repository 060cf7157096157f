import type { Config } from '../pipelines/config.ts';
import type { Alert } from '../schemas/generated/alert.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import { eachRecord, findAnomaly, idPrefix, noAnomaly } from './find-anomaly.ts';
import { openSession, type Session } from './open-session.ts';
import { recordJson } from './record-json.ts';
import { type Explanation, renderExplanation } from './render-explanation.ts';
import { hexId } from './run-findings.ts';
import { paintFor, type Terminal } from './terminal.ts';

/**
 * Finds an episode by its id or the beginning of it, and prints why it was opened.
 *
 * Cost: one pass over `anomalies`, `alerts` and `incidents`.
 *
 * @throws CommandFailure (exit 2) when no id or more than one begins so.
 */
export async function explainAnomaly(
  config: Config,
  terminal: Terminal,
  request: { readonly id: string; readonly json: boolean },
): Promise<void> {
  const prefix = idPrefix(request.id);
  const session = await openSession(config, terminal);
  try {
    const explanation = await findExplanation(session, terminal.signal, prefix);
    if (request.json) {
      const json = {
        anomaly: recordJson('Anomaly', explanation.anomaly),
        alerts: explanation.alerts.map((alert) => recordJson('Alert', alert)),
        incidents: explanation.incidents.map((incident) => recordJson('Incident', incident)),
      };
      terminal.out.write(`${JSON.stringify(json, null, 2)}\n`);
    } else {
      terminal.out.write(
        renderExplanation(explanation, paintFor(terminal.out, terminal.environment)),
      );
    }
  } finally {
    await session.close();
  }
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
