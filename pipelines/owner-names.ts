import type { OptionAlias } from '../runtime/options/option-alias.ts';
import { OptionText } from '../runtime/options/option-document.ts';
import { readQuantity } from '../runtime/options/quantity.ts';

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
  'the metrics listener speaks plain HTTP, on loopback by default; for encryption towards Kafka set transport.kafka.ssl.caPath';

/** The models of the ensemble, by the owner’s names. */
const ENSEMBLE = ['isolation_forest', 'lstm_autoencoder', 'prophet'];

/** Environment names that the project’s owner gave, and what becomes of each. */
export const ownerEnvironment: readonly OptionAlias[] = [
  { name: 'MONITORING_CLUSTER_NAME', to: ['runtime', 'clusterName'] },
  { name: 'MONITORING_NAMESPACE', to: ['runtime', 'namespace'] },
  { name: 'MONITORING_LOG_LEVEL', to: ['runtime', 'logLevel'], convert: lowerCase },
  { name: 'ML_MODEL_REGISTRY_URL', refusal: NO_MODEL_REGISTRY },
  { name: 'ML_FEATURE_STORE_URL', refusal: NO_FEATURE_STORE },
  { name: 'ML_ANOMALY_THRESHOLD', to: ['detect', 'sensitivity'], convert: sensitivityOf },
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
    harmless: (value) => value === 'snappy',
    refusal: 'records are compressed with snappy; there is no other choice yet',
  },
  {
    name: 'ml.anomaly_detection.enabled',
    harmless: (value) => value === true,
    refusal: 'detection cannot be switched off; leave stages out with `vigie run --stages`',
  },
  {
    name: 'ml.anomaly_detection.models',
    harmless: namesWholeEnsemble,
    refusal: `the ensemble is scored whole: ${ENSEMBLE.join(', ')}`,
  },
  { name: 'ml.anomaly_detection.threshold', to: ['detect', 'sensitivity'], convert: sensitivityOf },
  { name: 'alerting.correlation_window', to: ['correlate', 'windowMs'] },
  { name: 'alerting.max_notifications_per_hour', to: ['route', 'maxNotificationsPerHour'] },
  {
    name: 'alerting.escalation_enabled',
    harmless: (value) => value === false,
    refusal: 'escalation is not supported yet',
  },
  {
    name: 'security.encryption_at_rest',
    harmless: (value) => value === false,
    refusal: NO_ENCRYPTION,
  },
  {
    name: 'security.audit_logging',
    harmless: (value) => value === false,
    refusal: 'the audit log is not sealed yet; the decisions topic says what was done and why',
  },
  {
    name: 'security.compliance_frameworks',
    harmless: (value) => Array.isArray(value) && value.length === 0,
    refusal: 'compliance reports are not supported yet',
  },
];

function lowerCase(value: unknown): unknown {
  if (value instanceof OptionText) return new OptionText(value.text.toLowerCase());
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function namesWholeEnsemble(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const names = new Set(value.map(String));
  return names.size === ENSEMBLE.length && ENSEMBLE.every((name) => names.has(name));
}

/**
 * Turns the grade at which an episode is to open into the sensitivity that opens it there.
 *
 * Grade g is score ln(1 − g) / ln 0.15; a sensitivity s multiplies scores by ln(1 − s) / ln 0.15, and 1 opens.
 */
function sensitivityOf(value: unknown): unknown {
  const written = value instanceof OptionText ? value.text : value;
  const threshold =
    typeof written === 'string' ? readQuantity('threshold', written) : Number(written);
  if (threshold === undefined || !(threshold > 0 && threshold < 1)) return value;
  const score = Math.log1p(-threshold) / Math.log(0.15);
  return Number((1 - 0.15 ** (1 / score)).toPrecision(12));
}
