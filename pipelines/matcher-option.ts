import { z } from 'zod';

const MATCHER =
  /^\s*([a-zA-Z_][a-zA-Z0-9_.]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]*))\s*$/;
const OPERATORS = { '=': 'EQUAL', '!=': 'NOT_EQUAL', '=~': 'REGEX', '!~': 'NOT_REGEX' } as const;

/** A matcher as people write it; parses to the fields of the record `Matcher`. */
export const matcherOption = z
  .string()
  .regex(MATCHER, { error: 'is not a matcher: write name="value", or with !=, =~ or !~ for =' })
  .refine(hasValidExpression, { error: 'holds a regular expression that does not compile' })
  .transform(parseMatcher)
  .describe(
    'A condition on a label as in Alertmanager: `severity="critical"`, `team=~"a|b"`, with `!=`, `!~`.',
  );

function parseMatcher(text: string) {
  const [, label = '', operator = '=', quoted, bare = ''] = MATCHER.exec(text) ?? [];
  const value =
    quoted === undefined
      ? bare
      : quoted.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  return {
    name: label,
    operator: OPERATORS[operator as keyof typeof OPERATORS] ?? OPERATORS['='],
    value,
  };
}

function hasValidExpression(text: string): boolean {
  if (!MATCHER.test(text)) return true;
  const { operator, value } = parseMatcher(text);
  if (operator === 'EQUAL' || operator === 'NOT_EQUAL') return true;
  try {
    return new RegExp(`^(?:${value})$`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
