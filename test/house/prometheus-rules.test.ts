import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { selfAlertNames } from '../../pipelines/observability/self-alerts.ts';
import { metricCatalogue } from '../../pipelines/observability/worker-metrics-catalogue.ts';
import { EXPECTED_DROPS } from '../../pipelines/observability/worker-metrics-figures.ts';
import { errorCatalogue } from '../../runtime/errors.ts';
import { findPromtool } from '../servers/promtool.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly self_alert: string };
  readonly annotations: { readonly runbook: string };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'deploy', 'prometheus');
const text = readFileSync(join(folder, 'vigie.rules.yml'), 'utf8');
const { groups } = parse(text) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const own = rules.filter(({ alert }) => alert !== 'VigieSelfAlert');

const promtool = await promtoolHere();

describe('deploy/prometheus', () => {
  it('has a rule and a page for every self-alert, and no other', () => {
    expect(own.map(({ labels }) => labels.self_alert).sort()).toEqual([...selfAlertNames].sort());
    for (const { labels, annotations } of own) {
      const page = `docs/runbooks/${labels.self_alert.replaceAll('_', '-')}.md`;
      expect(annotations.runbook).toBe(page);
      expect(existsSync(join(root, page)), page).toBe(true);
    }
  });

  it('takes the same drops for a matter of course as a worker does', () => {
    const left = [...text.matchAll(/code!~"([^"]*)"/g)].map(([, codes]) => codes?.split('|'));
    expect(left.length).toBeGreaterThan(0);
    for (const codes of left) expect(codes).toEqual(EXPECTED_DROPS);
  });

  it('asks only for metrics, labels and codes that there are', () => {
    const names = Object.keys(metricCatalogue);
    for (const { alert, expr } of rules) {
      const asked = [...expr.matchAll(/monitoring_\w+/g)].map(([name]) => name);
      expect(asked.length, alert).toBeGreaterThan(0);
      for (const name of asked) expect(names, alert).toContain(name);
      for (const [code] of expr.matchAll(/[A-Z]+_[A-Z_]+/g))
        expect(Object.keys(errorCatalogue), alert).toContain(code);
    }
  });

  it.skipIf(promtool === undefined)('passes promtool', () => {
    for (const args of [
      ['check', 'config', join(folder, 'prometheus.yml')],
      ['check', 'rules', join(folder, 'vigie.rules.yml')],
      ['test', 'rules', join(folder, 'vigie.rules.test.yml')],
    ])
      execFileSync(promtool ?? '', args, { stdio: 'pipe', encoding: 'utf8' });
  });
});

/** The path of promtool; says loudly what is not run where there is none, and fails there if `CI` is `true`. */
async function promtoolHere(): Promise<string | undefined> {
  try {
    return await findPromtool();
  } catch (cause) {
    const message = 'NOT RUN: promtool test rules: needs promtool, or apt-get to fetch it with';
    if (process.env.CI === 'true') throw new Error(message, { cause });
    process.stderr.write(`\n${'!'.repeat(80)}\n${message}\n${'!'.repeat(80)}\n\n`);
    return undefined;
  }
}
