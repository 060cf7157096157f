import type { DecisionNote } from '../operators/decision-tally.ts';
import type { ClassChange, OnsetRuling } from '../operators/detect/detect-output.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';

type Whose = Pick<SeriesDefinition, 'tenant' | 'name'>;

/** A class that was inferred anew is a decision: from now on other weights hold. */
export function classDecision(
  { metricClass }: ClassChange,
  whose: Whose,
  atMs: number,
): DecisionNote {
  const decided = { kind: 'MODEL', code: 'CLASS_INFERRED', outcome: metricClass } as const;
  return { ...decided, tenant: whose.tenant, atMs, count: 1, example: whose.name };
}

/** Says what beside the score decided on an onset. */
export function rulingDecision(
  { code, outcome }: OnsetRuling,
  { tenant, name }: Whose,
  atMs: number,
): DecisionNote {
  const kind = outcome === 'held' ? 'SUPPRESS' : 'OPEN';
  return { tenant, kind, code, outcome, atMs, count: 1, example: name };
}
