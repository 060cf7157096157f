import type { Config } from '../pipelines/config.ts';
import type { Alert } from '../schemas/generated/alert.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { Incident } from '../schemas/generated/incident.ts';
import { decodeValue } from './decode-record.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { openSession, type Session } from './open-session.ts';
import { readTopic } from './read-topic.ts';
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
  const prefix = request.id.toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(prefix)) {
    throw new CommandFailure(
      `"${request.id}" is no id: expected up to 32 hex digits`,
      exitCode.usage,
    );
  }
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
  const found = new Map<string, Anomaly>();
  await eachRecord(session, 'anomalies', signal, (record) => {
    if (record.name !== 'Anomaly') return;
    const id = hexId(record.value.id);
    const known = found.get(id);
    if (id.startsWith(prefix) && (known === undefined || known.revision < record.value.revision))
      found.set(id, record.value);
  });
  const [anomaly, ...others] = found.values();
  if (anomaly === undefined) {
    throw new CommandFailure(
      `no anomaly has an id that begins with ${prefix}`,
      exitCode.usage,
      '`vigie tail anomalies` shows the last ones.',
    );
  }
  if (others.length > 0) {
    const ids = [...found.keys()].slice(0, 5).map((id) => id.slice(0, prefix.length + 6));
    throw new CommandFailure(
      `${found.size} anomalies have ids that begin with ${prefix}: ${ids.join(', ')} …`,
      exitCode.usage,
    );
  }
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

async function eachRecord(
  { transport, codec, prefix }: Session,
  topic: string,
  signal: AbortSignal,
  take: (record: ReturnType<typeof decodeValue>) => void,
): Promise<void> {
  const slice = { topic: prefix + topic, from: () => 0, follow: false, signal };
  await readTopic(transport, slice, (records) => {
    for (const { value } of records) if (value !== null) take(decodeValue(codec, value));
  });
}
