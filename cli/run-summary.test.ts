import { describe, expect, it } from 'vitest';
import { exampleAlert, exampleAnomaly, exampleIncident } from './findings.fixture.ts';
import { RunFindings } from './run-findings.ts';
import { summariseRun } from './run-summary.ts';

const totals = { points: 10, series: 2, elapsedMs: 60_000, deadLettered: 0, dropped: {} };
const first = exampleAnomaly(1);
const second = exampleAnomaly(2, { peakScore: 3.5, labels: { host: 'b' } });
const alert = exampleAlert(3, [first, second]);

function found(): RunFindings {
  const findings = new RunFindings();
  findings.takeAnomaly(first);
  findings.takeAnomaly(second);
  findings.takeAlert(alert);
  findings.takeIncident(exampleIncident(4, [alert]));
  return findings;
}

describe('summariseRun', () => {
  it('has the keys that tools rely on, also when nothing was found', () => {
    expect(summariseRun(totals, new RunFindings())).toEqual({
      ...totals,
      anomalies: [],
      alerts: [],
      incidents: [],
    });
  });

  it('gives series, start and score of anomalies, and of the members of alerts and incidents', () => {
    const { anomalies, alerts, incidents } = summariseRun(totals, found());
    expect(anomalies[0]).toMatchObject({
      id: '01'.repeat(16),
      series: 'node_load1{host="a"}',
      startMs: first.startMs,
      score: 2.1,
      value: 7.5,
      lower: 0.5,
      upper: 2,
    });
    const members = [
      { id: '02'.repeat(16), series: 'node_load1{host="b"}', startMs: second.startMs, score: 3.5 },
      { id: '01'.repeat(16), series: 'node_load1{host="a"}', startMs: first.startMs, score: 2.1 },
    ];
    expect(alerts[0]).toMatchObject({ series: 'node_load1{host="b"}', score: 3.5, members });
    expect(incidents[0]).toMatchObject({
      series: 'node_load1{host="b"}',
      score: 3.5,
      state: 'OPEN',
      members,
    });
  });

  it('keeps the last revision, whatever the order and repeats', () => {
    const findings = found();
    findings.takeAnomaly({ ...first, revision: 2, phase: 'CLOSE', endMs: 9 });
    findings.takeAnomaly({ ...first, revision: 1, phase: 'UPDATE' });
    const { anomalies } = summariseRun(totals, findings);
    expect(anomalies).toHaveLength(2);
    expect(anomalies[0]).toMatchObject({ phase: 'CLOSE', endMs: 9 });
  });

  it('names members from before the run without counting them as found', () => {
    const findings = new RunFindings();
    findings.takeEarlier(first);
    findings.takeAlert(alert);
    const { anomalies, alerts } = summariseRun(totals, findings);
    expect(anomalies).toEqual([]);
    expect(alerts[0]?.members).toMatchObject([{ id: '01'.repeat(16), score: 2.1 }]);
  });

  it('falls back to the labels of an alert whose episodes are unknown', () => {
    const findings = new RunFindings();
    const labels = {
      alertname: 'MetricAnomaly',
      metric: 'node_load1',
      tenant: 'default',
      host: 'a',
    };
    findings.takeAlert({ ...alert, labels });
    expect(summariseRun(totals, findings).alerts[0]).toMatchObject({
      series: 'node_load1{host="a"}',
      score: null,
    });
  });

  it('survives JSON', () => {
    const summary = summariseRun(totals, found());
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it('finds members by the alert’s own incident too', () => {
    const findings = new RunFindings();
    findings.takeAnomaly(first);
    const incident = exampleIncident(4, []);
    findings.takeIncident(incident);
    findings.takeAlert(exampleAlert(3, [first], { incidentId: incident.id }));
    expect(summariseRun(totals, findings).incidents[0]?.members).toHaveLength(1);
  });
});
