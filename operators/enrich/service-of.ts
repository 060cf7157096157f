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
    const holds =
      matchers.length === 0
        ? labels.service === name
        : matchers.every((each) => matches(labels, each));
    if (holds) return name;
  }
  return labels.service ?? null;
}

/** A label that is absent matches as the empty string, as in Alertmanager; patterns are anchored. */
function matches(labels: Labels, matcher: Matcher): boolean {
  const actual = labels[matcher.name] ?? '';
  switch (matcher.operator) {
    case 'EQUAL':
      return actual === matcher.value;
    case 'NOT_EQUAL':
      return actual !== matcher.value;
    case 'REGEX':
      return patternOf(matcher)?.test(actual) ?? false;
    case 'NOT_REGEX':
      return patternOf(matcher)?.test(actual) === false;
    default:
      return false;
  }
}

const patterns = new WeakMap<Matcher, RegExp | null>();

/** Compiles a matcher’s pattern once; one that is no pattern fits nothing, for the catalog may be written by others. */
function patternOf(matcher: Matcher): RegExp | null {
  const known = patterns.get(matcher);
  if (known !== undefined) return known;
  const pattern = compiled(matcher.value);
  patterns.set(matcher, pattern);
  return pattern;
}

function compiled(pattern: string): RegExp | null {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch {
    return null;
  }
}
