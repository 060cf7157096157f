import type { OptionAlias } from '../runtime/option-alias.ts';
import { OptionText } from '../runtime/option-document.ts';

const NO_STORE =
  'vigie has no metric store yet; points stay on their topics for hours (`vigie topics list` shows how long)';
const NO_QUERY = 'vigie has no query API yet, so there is no query to time out';
const NO_VAULT =
  'secrets from a vault are not supported yet; hand them in by environment variables and refer to those in vigie.yaml';
const NO_ENCRYPTION =
  'encryption at rest is not supported yet; use an encrypted volume for transport.embedded.dir';
const NO_MODEL_REGISTRY =
  'models come with vigie and are named in models/manifest.json; there is no model registry yet';
const NO_FEATURE_STORE =
  'features are computed from the points themselves; there is no feature store yet';
const NO_TLS_LISTENER =
  'vigie opens no listener yet; for encryption towards Kafka set transport.kafka.ssl.caPath';

/** Environment names that the project’s owner gave, and what becomes of each. */
export const ownerEnvironment: readonly OptionAlias[] = [
  { name: 'MONITORING_CLUSTER_NAME', to: ['runtime', 'clusterName'] },
  { name: 'MONITORING_NAMESPACE', to: ['runtime', 'namespace'] },
  { name: 'MONITORING_LOG_LEVEL', to: ['runtime', 'logLevel'], convert: lowerCase },
  { name: 'ML_MODEL_REGISTRY_URL', refusal: NO_MODEL_REGISTRY },
  { name: 'ML_FEATURE_STORE_URL', refusal: NO_FEATURE_STORE },
  { name: 'ML_ANOMALY_THRESHOLD', to: ['detect', 'sensitivity'] },
  { name: 'VAULT_URL', refusal: NO_VAULT },
  { name: 'ENCRYPTION_KEY_ID', refusal: NO_ENCRYPTION },
  { name: 'TLS_CERT_PATH', refusal: NO_TLS_LISTENER },
  { name: 'METRICS_RETENTION_DAYS', refusal: NO_STORE },
  { name: 'HIGH_CARDINALITY_LIMIT', to: ['enrich', 'maxSeriesPerTenant'] },
  { name: 'QUERY_TIMEOUT_SECONDS', refusal: NO_QUERY },
];

/** Keys of `vigie.yaml` that the project’s owner gave, and what becomes of each. */
export const ownerKeys: readonly OptionAlias[] = [
  { name: 'metrics.retention', refusal: NO_STORE },
  { name: 'metrics.cardinality_limit', to: ['enrich', 'maxSeriesPerTenant'] },
  {
    name: 'metrics.compression',
    harmless: ['snappy'],
    refusal: 'records are compressed with snappy; there is no other choice yet',
  },
  {
    name: 'ml.anomaly_detection.enabled',
    harmless: [true],
    refusal: 'detection cannot be switched off; leave stages out with `vigie run --stages`',
  },
  { name: 'ml.anomaly_detection.models', to: ['detect', 'members'], convert: memberNames },
  { name: 'ml.anomaly_detection.threshold', to: ['detect', 'sensitivity'] },
  { name: 'alerting.correlation_window', to: ['correlate', 'windowMs'] },
  { name: 'alerting.max_notifications_per_hour', to: ['route', 'maxNotificationsPerHour'] },
  {
    name: 'alerting.escalation_enabled',
    harmless: [false],
    refusal: 'escalation is not supported yet',
  },
  { name: 'security.encryption_at_rest', harmless: [false], refusal: NO_ENCRYPTION },
  {
    name: 'security.audit_logging',
    harmless: [false],
    refusal: 'the audit log is not sealed yet; the decisions topic says what was done and why',
  },
  {
    name: 'security.compliance_frameworks',
    harmless: [[]],
    refusal: 'compliance reports are not supported yet',
  },
];

function lowerCase(value: unknown): unknown {
  if (value instanceof OptionText) return new OptionText(value.text.toLowerCase());
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function memberNames(value: unknown): unknown {
  return value;
}
