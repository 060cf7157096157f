import type { Impact, ImpactTier } from '../../schemas/generated/impact.ts';
import type { MetricType } from '../../schemas/generated/metric-type.ts';

/**
 * Metrics that speak of the business or of duties count in full, those of the machinery behind them
 * less.
 */
const WEIGHTS: Readonly<Record<MetricType, number>> = {
  UNKNOWN: 0.75,
  BUSINESS_KPI: 1,
  SLI: 1,
  ML: 0.75,
  INFRASTRUCTURE: 0.75,
  SECURITY: 1,
  COMPLIANCE: 1,
};

/**
 * Rates how much an episode matters, 0 to 1: its grade, weighted by what the metric speaks of.
 *
 * So a warning (grade 0.85) on a machine comes to 0.64, on a KPI to 0.85; a critical (0.98) to 0.73
 * and 0.98.
 */
export function impactScore(grade: number, metricType: MetricType): number {
  return Math.min(1, Math.max(0, grade)) * WEIGHTS[metricType];
}

/** Turns a rating into the record, with the step that it falls into. */
export function impactRecord(score: number, burn: number | null): Impact {
  return { score, tier: impactTier(score), burn, tenants: 1, revenue: null, override: null };
}

function impactTier(score: number): ImpactTier {
  if (score < 0.5) return 'LOW';
  if (score < 0.7) return 'MEDIUM';
  return score < 0.9 ? 'HIGH' : 'CRITICAL';
}
