import type { Alert } from '../../schemas/generated/alert.ts';
import type { Decision } from '../../schemas/generated/decision.ts';
import type { Incident } from '../../schemas/generated/incident.ts';
import { idHex } from '../stable-id.ts';
import type { CorrelationSink, Correlator, CorrelatorTask } from './correlator.ts';

/** A task that hears of one partition or more, none of which it waits for. */
export const loneTask: CorrelatorTask = {
  partition: 0,
  terms: { failoverTimeoutMs: 10_000, maxSkewMs: 86_400_000 },
};

/** A sink for tests that keeps all it is given. */
export class CorrelationLog implements CorrelationSink {
  readonly alerts: Alert[] = [];
  readonly incidents: Incident[] = [];
  readonly decisions: Decision[] = [];
  readonly ticks: number[] = [];
  /** All but the ticks, in order, as text: equal logs are equal byte for byte. */
  readonly lines: string[] = [];

  alert(alert: Alert): void {
    this.alerts.push(alert);
    this.lines.push(`alert ${asText(alert)}`);
  }

  incident(incident: Incident): void {
    this.incidents.push(incident);
    this.lines.push(`incident ${asText(incident)}`);
  }

  decision(decision: Decision): void {
    this.decisions.push(decision);
    this.lines.push(`decision ${asText(decision)}`);
  }

  tick(watermarkMs: number): void {
    this.ticks.push(watermarkMs);
  }

  /** Number of decisions with a code, repeats counted. */
  count(code: string): number {
    return this.decisions.reduce((sum, each) => sum + (each.code === code ? each.count : 0), 0);
  }
}

/** Saves a correlator’s changed entries into a store, as a changelog would. */
export function saveInto(
  store: Map<string, string>,
  correlator: Pick<Correlator, 'entries'>,
): void {
  for (const [key, value] of correlator.entries()) {
    if (value === null) store.delete(key);
    else store.set(key, value);
  }
}

/** A record as JSON, ids as hex. */
export function asText(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return idHex(value);
    const isSavedBuffer = typeof value === 'object' && value !== null && 'type' in value;
    return isSavedBuffer && value.type === 'Buffer' && 'data' in value
      ? Buffer.from(value.data as number[]).toString('hex')
      : value;
  });
}
