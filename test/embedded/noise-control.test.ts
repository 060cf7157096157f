import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipelines/config.ts';
import { runPipeline } from '../../pipelines/run.ts';
import { createLog } from '../../runtime/log.ts';
import type { Anomaly } from '../../schemas/generated/anomaly.ts';
import type { Decision } from '../../schemas/generated/decision.ts';
import type { Fleet } from '../support/fleet.ts';
import { readAnomalies, readTopic, untilIdle } from '../support/pipeline-reading.ts';
import { randomFrom } from '../support/random.ts';
import { writeFleet } from '../support/write-fleet.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const ROUNDS = 700;
const FAULT_ROUNDS = 10;
/** A value of about 10 stands at 20 here, at 2 there. */
const UP = 400;
const DOWN = 560;

/** What a definition says, as it stands in `vigie.yaml`, and where episodes then open. */
const knobs: readonly (readonly [name: string, yaml: string, opens: readonly number[]])[] = [
  ['nothing', '', [UP, DOWN]],
  ['direction_above', 'direction: ABOVE', [UP]],
  ['direction_below', 'direction: BELOW', [DOWN]],
  ['data_max', 'dataMax: 15', [DOWN]],
  ['data_min', 'dataMin: 5', [UP]],
  ['min_abs', 'minAbs: 9', [UP]],
  ['min_rel', 'minRel: 90%', [UP]],
  ['sensitivity', 'sensitivity: 0.01', []],
  ['suppress_above', 'suppress: [{ direction: ABOVE, within: 50 }]', [DOWN]],
  ['suppress_below', 'suppress: [{ direction: BELOW, withinRel: 95% }]', [UP]],
  ['suppress_less', 'suppress: [{ within: 9 }]', [UP]],
  ['suppress_both', 'suppress: [{ direction: ABOVE, within: 50, withinRel: 50% }]', [UP, DOWN]],
  ['suppress_any', 'suppress: [{ direction: ABOVE, within: 50 }, { withinRel: 95% }]', []],
  ['ignore_three', 'ignoreConsecutive: 3', [UP + 3, DOWN + 3]],
  ['ignore_all', 'ignoreConsecutive: 20', []],
  ['maintenance', 'maintenance: [{ from: 2026-01-05T06:00Z, to: 2026-01-05T08:00Z }]', [DOWN]],
  // 09:20 UTC is 10:20 in Paris.
  [
    'maintenance_hours',
    'maintenanceHours: [{ days: [MONDAY], start: "10:00", end: "11:00" }], timeZone: Europe/Paris',
    [UP],
  ],
  [
    'other_day',
    'maintenanceHours: [{ days: [TUESDAY], start: "00:00", end: "24:00" }]',
    [UP, DOWN],
  ],
];

function fleetOf(names: readonly string[]): Fleet {
  const random = randomFrom(5);
  const values = Float64Array.from({ length: ROUNDS }, (_, round) => {
    const noise = 0.5 * (random() + random() + random() - 1.5);
    if (round >= UP && round < UP + FAULT_ROUNDS) return 20 + noise;
    return round >= DOWN && round < DOWN + FAULT_ROUNDS ? 2 + noise : 10 + noise;
  });
  const series = names.map((name) => ({ name, labels: { host: 'a' }, tenant: 'default', values }));
  return { startMs: START_MS, stepMs: MINUTE_MS, rounds: ROUNDS, series };
}

const folder = mkdtempSync(join(tmpdir(), 'vigie-noise-'));
let anomalies: readonly Anomaly[];
let decisions: readonly Decision[];

beforeAll(async () => {
  const metrics = knobs.map(([name, yaml]) => `    - { name: ${name}, ${yaml} }\n`).join('');
  writeFileSync(join(folder, 'vigie.yaml'), `catalog:\n  metrics:\n${metrics}`);
  const { options: config } = loadConfig({
    cwd: folder,
    environment: {},
    set: [`transport.embedded.dir=${join(folder, 'log')}`, 'transport.embedded.durability=normal'],
  });
  const pipeline = await runPipeline(config, { log: createLog('error') });
  const fleet = fleetOf(knobs.map(([name]) => name));
  const { partitions } = config.topics;
  await writeFleet({ ...pipeline, fleet, partitions, pointsPerRecord: () => 500 });
  await untilIdle(pipeline);
  anomalies = await readAnomalies(pipeline);
  const read: Decision[] = [];
  for await (const { value } of readTopic(pipeline, 'decisions'))
    read.push(pipeline.codec.decode(value ?? new Uint8Array(0), ['Decision']).value);
  decisions = read;
  await pipeline.stop();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what a metric’s definition says against noise', () => {
  it.each(knobs)('%s goes from vigie.yaml to where episodes open', (name, _yaml, opens) => {
    const rounds = anomalies
      .filter(({ metric, phase }) => metric === name && phase === 'OPEN')
      .map(({ startMs }) => (startMs - START_MS) / MINUTE_MS);
    expect(rounds.sort((a, b) => a - b)).toEqual(opens);
  });

  it('is a decision where it held an episode back', () => {
    const held = decisions.filter(({ stage, kind }) => stage === 'detect' && kind === 'SUPPRESS');
    const metricsOf = (code: string) => {
      const found = held.filter((decision) => decision.code === code);
      return new Set(found.flatMap(({ examples }) => examples));
    };
    expect(metricsOf('MAINTENANCE')).toEqual(new Set(['maintenance', 'maintenance_hours']));
    expect(metricsOf('IGNORE_CONSECUTIVE')).toEqual(new Set(['ignore_three', 'ignore_all']));
    // Three series are held at the later fault: a record has so many examples, and the last one is open still.
    const byRule = metricsOf('SUPPRESSION_RULE');
    expect(byRule).toContain('suppress_above');
    expect(byRule).not.toContain('suppress_both');
  });
});

it('the example of the page is a configuration', () => {
  const page = readFileSync(new URL('../../docs/noise-control.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  writeFileSync(join(folder, 'page.yaml'), yaml);
  const { options } = loadConfig({ cwd: folder, environment: {}, file: 'page.yaml' });
  expect(options.catalog.metrics[0]).toMatchObject({
    minAbs: 0.05,
    ignoreConsecutive: 2,
    maintenance: [{ fromMs: Date.UTC(2026, 10, 28, 22), toMs: Date.UTC(2026, 10, 29, 4) }],
    maintenanceHours: [{ days: ['SUNDAY'], startMinute: 120, endMinute: 240 }],
  });
});
