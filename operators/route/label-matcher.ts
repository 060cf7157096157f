import type { Matcher, MatchOperator } from '../../schemas/generated/matcher.ts';

const OPERATORS: Readonly<Record<string, MatchOperator>> = {
  '=': 'EQUAL',
  '!=': 'NOT_EQUAL',
  '=~': 'REGEX',
  '!~': 'NOT_REGEX',
};
const FORM = /^\s*([a-zA-Z_:][a-zA-Z0-9_:.]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;
const QUOTED = /^"(?:[^"\\]|\\["\\n])*"$/s;

/**
 * Reads a matcher as Alertmanager writes it: `severity="critical"`, `service=~"shop|cart"`,
 * `host!=web-1`.
 *
 * The value may stand in double quotes, with `\"`, `\\` and `\n` inside. Returns undefined for
 * anything else, and for an expression that does not compile.
 */
export function parseMatcher(text: string): Matcher | undefined {
  const [, name, sign, raw] = FORM.exec(text) ?? [];
  const operator = OPERATORS[sign ?? ''];
  const value = readValue(raw ?? '');
  if (name === undefined || operator === undefined || value === undefined) return undefined;
  const matcher: Matcher = { name, operator, value };
  const isPattern = operator === 'REGEX' || operator === 'NOT_REGEX';
  return isPattern && compilePattern(value) === undefined ? undefined : matcher;
}

/** A condition on labels, ready to be asked. */
export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/**
 * Makes a test of matchers that all must hold; none always holds.
 *
 * An absent label compares as the empty string; expressions are anchored at both ends. An unknown
 * operator, or an expression that does not compile, never holds.
 */
export function labelTest(matchers: readonly Matcher[]): LabelTest {
  const tests = matchers.map(testOne);
  return (labels) => tests.every((test) => test(labels));
}

function testOne({ name, operator, value }: Matcher): LabelTest {
  switch (operator) {
    case 'EQUAL':
      return (labels) => (labels[name] ?? '') === value;
    case 'NOT_EQUAL':
      return (labels) => (labels[name] ?? '') !== value;
    case 'REGEX': {
      const pattern = compilePattern(value);
      return (labels) => pattern?.test(labels[name] ?? '') ?? false;
    }
    case 'NOT_REGEX': {
      const pattern = compilePattern(value);
      return (labels) => pattern !== undefined && !pattern.test(labels[name] ?? '');
    }
    case 'UNKNOWN':
      return () => false;
  }
}

function compilePattern(value: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${value})$`, 's');
  } catch {
    return undefined;
  }
}

function readValue(raw: string): string | undefined {
  if (QUOTED.test(raw)) {
    const inner = raw.slice(1, -1);
    return inner.replace(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return /["{},\s]/.test(raw) ? undefined : raw;
}
