import { describe, expect, it } from 'vitest';
import { exampleAlert, exampleAnomaly, exampleIncident } from './findings.fixture.ts';
import type { LiveState } from './live-state.ts';
import { describeAnomaly, type LiveFrame, renderLiveLine, renderLiveView } from './live-view.ts';
import { paintFor, plainPaint, visibleWidth } from './terminal.ts';

const WIDE: LiveFrame = { columns: 120, rows: 30, paint: plainPaint };

const quiet: LiveState = {
  host: 'web-1',
  elapsedMs: 42_000,
  points: 6300,
  pointsPerSecond: 150,
  rateHistory: [0, 75, 150],
  lifeCycle: { cold: 0, warming: 150, probation: 0, live: 0, stale: 0 },
  opensInMs: 22_000,
  liveInMs: 214_000,
  resumed: false,
  lagRecords: 1,
  lagSeconds: 0,
  deadLettered: 0,
  dropped: {},
  anomalies: [],
  incidents: [],
  anomalyCount: 0,
  incidentCount: 0,
  notificationCount: 0,
};

const strong = exampleAnomaly(1, {
  metric: 'node_cpu_utilization_ratio',
  labels: { host: 'web-1', cpu: '0' },
});
const weak = exampleAnomaly(2, {
  tier: 'WARNING',
  peakScore: 1.2,
  expected: null,
  lower: null,
  upper: null,
  endMs: 5,
  unit: 'By',
});
const alert = exampleAlert(3, [strong, weak]);

const busy: LiveState = {
  ...quiet,
  durationMs: 180_000,
  lifeCycle: { cold: 2, warming: 0, probation: 40, live: 110, stale: 1 },
  opensInMs: undefined,
  liveInMs: undefined,
  lagRecords: 1200,
  lagSeconds: 12,
  deadLettered: 1,
  dropped: { POINT_DUPLICATE: 3, SERIES_LIMIT: 0, COUNTER_BASE: 17 },
  anomalies: [
    { anomaly: strong, history: [0, 0, 0, 1, 7.5] },
    { anomaly: weak, history: [] },
  ],
  incidents: [{ incident: exampleIncident(4, [alert]), alerts: [alert], peak: strong }],
  anomalyCount: 2,
  incidentCount: 1,
  stress: { kind: 'cpu', state: 'running', remainingMs: 8000 },
};

describe('renderLiveView', () => {
  it('draws a run that found nothing yet', () => {
    expect(
      renderLiveView(quiet, WIDE)
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      ` vigie  watching web-1${' '.repeat(79)}42s   Ctrl-C stops`,
      '',
      ' points    6 300   150/s  ▁▅█',
      ' series    150 warming · 0 live, plain faults seen in 22s, live in 3m 34s',
      ' lag       1 record, 0s',
      '',
      ' Incidents 0  0 notifications; times are UTC',
      '   none',
      '',
      ' Anomalies 0',
      '   none',
      '',
      ' Next  after Ctrl-C',
      '   npm start -- --stress cpu@120s         load the processor on purpose and be found out',
      '   npx vigie backtest data --out scored   score your own CSV files',
    ]);
  });

  it('shows value, band, score and picture of what it found', () => {
    const text = renderLiveView(busy, WIDE);
    expect(text).toContain('42s of 3m 00s');
    expect(text).toContain(' series    2 cold · 40 probation · 110 live · 1 stale\n');
    expect(text).toContain(' left out  1 dead letter, 3 POINT_DUPLICATE\n');
    expect(text).toContain(' stress    cpu load is on, ends in 8s');
    expect(text).toContain('   16:00:00  OPEN  node_load1 on host a  (1 alert, score 2.1)');
    expect(text).toMatch(
      /16:00:01 ● CRIT {2}2\.1 {2}node_cpu_utilization_ratio\{cpu="0"\} +7\.5, expected 1\.25 \(0\.5…2\) +▁▁▁▂█/,
    );
    expect(text).toMatch(/16:00:02 {3}warn {2}1\.2 {2}node_load1 +7\.5 By/);
    expect(text).toContain('npx vigie explain 01010101');
  });

  it.each([
    [80, 24],
    [60, 12],
    [40, 8],
    [20, 3],
  ])('stays within %d columns and %d rows', (columns, rows) => {
    const many = {
      ...busy,
      anomalies: Array.from(
        { length: 50 },
        () => busy.anomalies[0] as LiveState['anomalies'][number],
      ),
    };
    const paint = paintFor({ write: () => true, isTTY: true }, {});
    const lines = renderLiveView(many, { columns, rows, paint }).split('\n');
    expect(lines.length).toBeLessThan(rows);
    for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
  });

  it('lets no control character of a label through', () => {
    const evil = exampleAnomaly(5, { labels: { path: '\u001B[2J' }, metric: 'a\u0007b' });
    const text = renderLiveView({ ...busy, anomalies: [{ anomaly: evil, history: [] }] }, WIDE);
    expect(text).not.toContain('\u001B');
    expect(text).not.toContain('\u0007');
  });
});

describe('renderLiveLine', () => {
  it('says the same in one line', () => {
    expect(renderLiveLine(quiet)).toBe(
      '42s: 6 300 points (150/s); series 150 warming · 0 live, plain faults seen in 22s, live in 3m 34s; lag 1 record; 0 anomalies, 0 incidents',
    );
  });
});

describe('colours', () => {
  const tty = { write: () => true, isTTY: true };

  it('are given to terminals only, and never with NO_COLOR', () => {
    expect(paintFor(tty, {})('red', 'x')).toBe('\u001B[31mx\u001B[39m');
    expect(paintFor(tty, { NO_COLOR: '1' })('red', 'x')).toBe('x');
    expect(paintFor(tty, { TERM: 'dumb' })('red', 'x')).toBe('x');
    expect(paintFor({ write: () => true }, {})('red', 'x')).toBe('x');
    expect(paintFor({ write: () => true }, { FORCE_COLOR: '1' })('red', 'x')).toContain('\u001B');
  });
});

describe('describeAnomaly', () => {
  it('says of an entity how many series it is about', () => {
    const whole = { seriesId: null, expected: null, lower: null, upper: null };
    const entity = {
      kind: 'ENTITY',
      metric: 'entity',
      labels: { host: 'web-1' },
      value: 6,
    } as const;
    const anomaly = exampleAnomaly(7, { ...whole, ...entity });
    expect(describeAnomaly({ anomaly, history: [] })).toContain(
      'entity{host="web-1"}  6 series together',
    );
  });
});
