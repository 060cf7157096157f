import type { z } from 'zod';
import { nearestWord } from './nearest-word.ts';
import type { OptionPath } from './option-origin.ts';
import { quantityOf } from './quantity.ts';

type Issue = z.core.$ZodIssue;

/** Names of options whose values are never shown. */
const SECRET_NAME =
  /password|passphrase|secret|token|credential|apiKey|privateKey|routingKey|^key$/i;
const LONGEST_SHOWN = 60;

/** Tells whether an option’s value must not be printed, by its name. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !/File$|Path$/.test(name);
}

/** Shows a value in a fault: JSON, cut short, and nothing at all where the name says it is a secret. */
export function showOptionValue(value: unknown, name: string): string {
  if (isSecretName(name)) return 'a value that is not shown';
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 1)}…`;
}

/**
 * Says in a sentence what an issue of a schema means to the person who wrote the options.
 *
 * @param value what stands at the issue’s path, `undefined` when nothing does.
 */
export function describeIssue(issue: Issue, path: OptionPath, value: unknown): string {
  const name = lastName(path);
  if (issue.code === 'invalid_union') return describeUnion(issue, path, value);
  if (hasOwnWords(issue))
    return typeof value === 'number' ? `${issue.message}, received ${value}` : issue.message;
  const expected = expectation(issue, name);
  if (expected !== undefined) {
    if (value === undefined) return `is missing: expected ${expected}`;
    return `expected ${expected}, received ${showOptionValue(value, name)}${suggestion(issue, value)}`;
  }
  const limit = limitOf(issue, name);
  return limit === undefined
    ? lowerFirst(issue.message)
    : `${limit}, received ${showOptionValue(value, name)}`;
}

/** Says that a key does not exist, and which one was meant or which ones there are. */
export function describeUnknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestWord(key, known);
  if (nearest !== undefined) return `unknown key, did you mean "${nearest}"?`;
  if (known.length === 0) return 'unknown key';
  const listed = known.slice(0, 12).join(', ');
  return `unknown key; known here: ${listed}${known.length > 12 ? ', …' : ''}`;
}

/** Tells whether the schema’s author wrote the message: zod’s own begin with “Invalid”. */
function hasOwnWords(issue: Issue): boolean {
  if (issue.code === 'custom') return true;
  return issue.code === 'invalid_format' && !issue.message.startsWith('Invalid ');
}

function lastName(path: OptionPath): string {
  return String(path.findLast((step) => typeof step === 'string') ?? '');
}

function expectation(issue: Issue, name: string): string | undefined {
  if (issue.code === 'invalid_type') return typeName(issue.expected, name);
  if (issue.code === 'invalid_value') return listed(issue.values);
  if (issue.code !== 'invalid_format') return undefined;
  if (issue.format === 'url') return 'a URL';
  if (issue.format === 'regex') return `text that matches ${issue.pattern ?? 'the pattern'}`;
  return `text in the format ${issue.format}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeName(type: string, name: string): string {
  const quantity = type === 'number' || type === 'int' ? quantityOf(name) : 'plain';
  if (quantity === 'duration') return 'a duration such as 500ms or 5m';
  if (quantity === 'size') return 'a size such as 64KiB or 512MiB';
  return TYPE_NAMES[type] ?? `a value of type ${type}`;
}

function listed(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length < 2
    ? (texts[0] ?? '')
    : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}

function suggestion(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return '';
  const nearest = nearestWord(
    value,
    issue.values.filter((each): each is string => typeof each === 'string'),
  );
  return nearest === undefined || nearest === value ? '' : `, did you mean "${nearest}"?`;
}

function limitOf(issue: Issue, name: string): string | undefined {
  if (issue.code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}`;
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const [bound, plain, open] =
    issue.code === 'too_small'
      ? [issue.minimum, 'at least', 'more than']
      : [issue.maximum, 'at most', 'less than'];
  const unit = { duration: ' ms', size: ' bytes', plain: '' }[quantityOf(name)];
  const words = issue.inclusive === false ? open : plain;
  if (issue.origin === 'string')
    return `must have ${words} ${bound} ${bound === 1n || bound === 1 ? 'character' : 'characters'}`;
  if (issue.origin === 'array' || issue.origin === 'set')
    return `must have ${words} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return `must be ${words} ${bound}${unit}`;
}

function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: OptionPath,
  value: unknown,
): string {
  const name = lastName(path);
  const received = value === undefined ? undefined : `received ${showOptionValue(value, name)}`;
  const options = (issue as { readonly options?: readonly unknown[] }).options;
  if (options !== undefined)
    return received === undefined
      ? `is missing: expected ${listed(options)}`
      : `expected ${listed(options)}, ${received}`;
  const direct = issue.errors.map((branch) => branch.find((each) => each.path.length === 0));
  const wanted = direct.map((each) =>
    each === undefined ? undefined : (expectation(each, name) ?? limitOf(each, name)),
  );
  const known = [...new Set(wanted.filter((each) => each !== undefined))];
  if (known.length === 0) return lowerFirst(issue.message);
  return received === undefined
    ? `is missing: expected ${known.join(' or ')}`
    : `expected ${known.join(' or ')}, ${received}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
