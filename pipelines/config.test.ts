import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OptionsInvalid } from '../runtime/options/options.ts';
import { type ConfigSources, loadConfig } from './config.ts';
import { ownerEnvironment, ownerKeys } from './owner-names.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'vigie-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function load(text: string | undefined, sources: Partial<ConfigSources> = {}) {
  if (text !== undefined) writeFileSync(path.join(cwd, 'vigie.yaml'), text);
  return loadConfig({ cwd, environment: {}, ...sources });
}

function faultsOf(text: string | undefined, sources: Partial<ConfigSources> = {}): string[] {
  try {
    load(text, sources);
  } catch (error) {
    if (!(error instanceof OptionsInvalid)) throw error;
    return error.message.split('\n').slice(1);
  }
  return [];
}

describe('loadConfig', () => {
  it('needs no file', () => {
    const { options, file } = load(undefined);
    expect(file).toBeUndefined();
    expect(options.transport.kind).toBe('embedded');
    expect(options.topics).toEqual({ prefix: 'vigie.', partitions: 4, retentionMs: {} });
  });

  it('finds vigie.yaml, and says so when a named file is not there', () => {
    expect(load('topics: {partitions: 8}').options.topics.partitions).toBe(8);
    expect(faultsOf(undefined, { file: 'nope.yaml' })).toEqual([
      'nope.yaml: there is no such file',
    ]);
  });

  it('lets --set win over environment, and environment over the file', () => {
    const environment = { HIGH_CARDINALITY_LIMIT: '2000' };
    const text = 'enrich: {maxSeriesPerTenant: 1000}';
    expect(load(text).options.enrich.maxSeriesPerTenant).toBe(1000);
    expect(load(text, { environment }).options.enrich.maxSeriesPerTenant).toBe(2000);
    const set = ['enrich.maxSeriesPerTenant=3000'];
    expect(load(text, { environment, set }).options.enrich.maxSeriesPerTenant).toBe(3000);
  });

  it('finds faults of every source at once', () => {
    const sources = {
      environment: { MONITORING_LOG_LEVEL: 'loud' },
      set: ['nonsense', 'topics.prefx=a'],
    };
    expect(faultsOf('topics: {partitions: 3}', sources)).toEqual([
      'vigie.yaml:1:22 topics.partitions: must be a power of two, received 3',
      '--set nonsense: expected key=value, such as detect.hop=8',
      expect.stringMatching(
        /^\$MONITORING_LOG_LEVEL runtime\.logLevel: expected "trace", .*received "loud"$/,
      ),
      '--set topics.prefx topics.prefx: unknown key, did you mean "prefix"?',
    ]);
  });

  it('names an unknown section of --set', () => {
    expect(faultsOf(undefined, { set: ['detct.hop=3'] })).toEqual([
      '--set detct.hop detct: unknown key, did you mean "detect"?',
    ]);
  });

  it('turns label conditions into matchers', () => {
    const text = `catalog: {services: [{name: shop, matchers: ['team=~"a|b"', 'env!=test']}]}`;
    expect(load(text).options.catalog.services[0]?.matchers).toEqual([
      { name: 'team', operator: 'REGEX', value: 'a|b' },
      { name: 'env', operator: 'NOT_EQUAL', value: 'test' },
    ]);
    expect(faultsOf(`catalog: {services: [{name: shop, matchers: ['team', 'a=~"("']}]}`)).toEqual([
      'vigie.yaml:1:46 catalog.services[0].matchers[0]: is not a matcher: write name="value", or with !=, =~ or !~ for =',
      'vigie.yaml:1:54 catalog.services[0].matchers[1]: holds a regular expression that does not compile',
    ]);
  });

  it.each(['kafkajs', 'platformatic'])('refuses exactly_once on %s, with the reason', (client) => {
    const text = `transport: {kafka: {client: ${client}, guarantee: exactly_once}}`;
    const at = text.indexOf('exactly_once') + 1;
    const why = `refused: ${client} has not passed the crash suite with transactions`;
    expect(faultsOf(text)).toEqual([
      expect.stringContaining(`vigie.yaml:1:${at} transport.kafka.guarantee: ${why}`),
    ]);
    const set = [`transport.kafka.client=${client}`, 'transport.kafka.guarantee=at_least_once'];
    expect(load(undefined, { set }).options.transport.kafka.guarantee).toBe('at_least_once');
  });

  it('refuses to give a partition up before its worker is', () => {
    const kafka = 'transport: {kind: kafka, kafka: {brokers: ["a:9092"], sessionTimeoutMs: 60s}}';
    const eventTime = (text: string) => `eventTime: {failoverTimeoutMs: ${text}}\n`;
    expect(faultsOf(`${eventTime('60s')}${kafka}`)).toEqual([
      expect.stringMatching(
        /^vigie.yaml:1:32 eventTime.failoverTimeoutMs: must be longer than .*sessionTimeoutMs \(60000 ms\)/,
      ),
    ]);
    expect(faultsOf(`${eventTime('61s')}${kafka}`)).toEqual([]);
    expect(faultsOf(eventTime('10s'))).toEqual([]);
  });

  it('refuses definitions that are there twice', () => {
    expect(faultsOf('catalog: {tenants: [{tenant: a}, {tenant: a}]}')).toEqual([
      'vigie.yaml:1:34 catalog.tenants[1]: a is defined twice',
    ]);
  });
});

describe('names of the owner', () => {
  it('are all twelve known, mapped or refused', () => {
    const names = [
      'MONITORING_CLUSTER_NAME',
      'MONITORING_NAMESPACE',
      'MONITORING_LOG_LEVEL',
      'ML_MODEL_REGISTRY_URL',
      'ML_FEATURE_STORE_URL',
      'ML_ANOMALY_THRESHOLD',
      'VAULT_URL',
      'ENCRYPTION_KEY_ID',
      'TLS_CERT_PATH',
      'METRICS_RETENTION_DAYS',
      'HIGH_CARDINALITY_LIMIT',
      'QUERY_TIMEOUT_SECONDS',
    ];
    expect(ownerEnvironment.map(({ name }) => name)).toEqual(names);
    for (const alias of [...ownerEnvironment, ...ownerKeys]) {
      expect((alias.to === undefined) !== (alias.refusal === undefined), alias.name).toBe(true);
    }
  });

  it('are refused with the reason, never ignored', () => {
    for (const { name, to } of ownerEnvironment) {
      if (to !== undefined) continue;
      const [fault] = faultsOf(undefined, { environment: { [name]: 'x' } });
      expect(fault).toMatch(new RegExp(`^\\$${name}: refused: .{20}`));
    }
  });

  it('count as not set when empty', () => {
    expect(faultsOf(undefined, { environment: { VAULT_URL: '' } })).toEqual([]);
  });

  it('reach the options they stand for', () => {
    const environment = { MONITORING_CLUSTER_NAME: 'eu-1', MONITORING_LOG_LEVEL: 'DEBUG' };
    expect(load(undefined, { environment }).options.runtime).toMatchObject({
      clusterName: 'eu-1',
      logLevel: 'debug',
    });
  });

  it('take the threshold for the grade at which an episode opens', () => {
    const sensitivity = (threshold: string) =>
      load(undefined, { environment: { ML_ANOMALY_THRESHOLD: threshold } }).options.detect
        .sensitivity;
    expect(sensitivity('0.85')).toBe(0.85);
    // A later opening is a lower sensitivity: score 1.579 must become 1.
    expect(
      (Math.log(1 - sensitivity('95%')) / Math.log(0.15)) * (Math.log(0.05) / Math.log(0.15)),
    ).toBeCloseTo(1, 9);
  });

  it('work as keys of the file', () => {
    const { options } = load(`metrics: {cardinality_limit: 5000, compression: snappy}
ml: {anomaly_detection: {enabled: true, threshold: 0.85, models: [prophet, isolation_forest, lstm_autoencoder]}}
alerting: {correlation_window: 10m, max_notifications_per_hour: 3, escalation_enabled: false}
security: {encryption_at_rest: false, compliance_frameworks: []}
`);
    expect(options.enrich.maxSeriesPerTenant).toBe(5000);
    expect(options.correlate.windowMs).toBe(600_000);
    expect(options.route.maxNotificationsPerHour).toBe(3);
  });

  it('are refused as keys with their place', () => {
    expect(
      faultsOf('metrics: {retention: 90d, compresion: snappy}\nsecurity: {audit_logging: true}'),
    ).toEqual([
      expect.stringMatching(
        /^vigie\.yaml:1:22 metrics\.retention: refused: vigie has no metric store yet/,
      ),
      'vigie.yaml:1:27 metrics.compresion: unknown key, did you mean "compression"?',
      expect.stringMatching(/^vigie\.yaml:2:27 security\.audit_logging: refused: /),
    ]);
  });

  it('cannot be set beside the option they stand for', () => {
    expect(faultsOf('metrics: {cardinality_limit: 5}\nenrich: {maxSeriesPerTenant: 6}')).toEqual([
      'vigie.yaml:1:30 metrics.cardinality_limit: is another name of enrich.maxSeriesPerTenant, which is set at vigie.yaml:2:10; keep one of them',
    ]);
  });
});
