import type { Matcher } from '../../schemas/generated/matcher.ts';
import type { ServiceDefinition } from '../../schemas/generated/service-definition.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Finds the service of a series: the first definition whose matchers all hold, else its label `service`, else null.
 *
 * A definition without matchers stands for its own name in that label.
 */
export function serviceOf(labels: Labels, services: readonly ServiceDefinition[]): string | null {
  for (const { name, matchers } of services) {
    const holds = matchers.length === 0 ? labels['service'] === name : matchers.every((each) => matches(labels, each));
    if (holds) return name;
  }
  return labels['service'] ?? null;
}

/** A label that is absent matches as the empty string, as in Alertmanager; patterns are anchored. */
function matches(labels: Labels, { name, operator, value }: Matcher): boolean {
  const actual = labels[name] ?? '';
  switch (operator) {
    case 'EQUAL':
      return actual === value;
    case 'NOT_EQUAL':
      return actual !== value;
    case 'REGEX':
      return new RegExp(`^(?:${value})$`).test(actual);
    case 'NOT_REGEX':
      return !new RegExp(`^(?:${value})$`).test(actual);
    default:
      return false;
  }
}
