import { describe, expect, test } from 'vitest';
import { labelTest, parseMatcher } from './label-matcher.ts';

function matches(text: string, labels: Record<string, string>): boolean {
  const matcher = parseMatcher(text);
  if (matcher === undefined) throw new Error(`not a matcher: ${text}`);
  return labelTest([matcher])(labels);
}

describe('parseMatcher', () => {
  test.each([
    ['severity="critical"', { name: 'severity', operator: 'EQUAL', value: 'critical' }],
    ['host!=web-1', { name: 'host', operator: 'NOT_EQUAL', value: 'web-1' }],
    [' service =~ "shop|cart" ', { name: 'service', operator: 'REGEX', value: 'shop|cart' }],
    ['team!~ops.*', { name: 'team', operator: 'NOT_REGEX', value: 'ops.*' }],
    ['note="a \\"b\\" \\\\ \\n"', { name: 'note', operator: 'EQUAL', value: 'a "b" \\ \n' }],
    ['empty=""', { name: 'empty', operator: 'EQUAL', value: '' }],
    ['empty=', { name: 'empty', operator: 'EQUAL', value: '' }],
  ])('reads %s', (text, expected) => {
    expect(parseMatcher(text)).toEqual(expected);
  });

  test.each(['', 'severity', '="x"', '1a="x"', 'a="x', 'a=x y', 'a=~"("', 'a=={}', 'a="x"y'])(
    'refuses %j',
    (text) => {
      expect(parseMatcher(text)).toBeUndefined();
    },
  );
});

describe('labelTest', () => {
  test('equality compares an absent label as empty', () => {
    expect(matches('a=""', {})).toBe(true);
    expect(matches('a!=""', {})).toBe(false);
    expect(matches('a!=x', {})).toBe(true);
    expect(matches('a=x', { a: 'x' })).toBe(true);
  });

  test('expressions are anchored at both ends, alternatives as a whole', () => {
    expect(matches('a=~"shop"', { a: 'shop-eu' })).toBe(false);
    expect(matches('a=~"shop.*"', { a: 'shop-eu' })).toBe(true);
    expect(matches('a=~"b|c"', { a: 'bx' })).toBe(false);
    expect(matches('a!~"b|c"', { a: 'xc' })).toBe(true);
    expect(matches('a=~".*"', {})).toBe(true);
    expect(matches('a=~"x.y"', { a: 'x\ny' })).toBe(true);
  });

  test('all must hold; none always holds; an unknown operator never', () => {
    const both = [parseMatcher('a=1'), parseMatcher('b=2')].flatMap((each) => each ?? []);
    expect(labelTest(both)({ a: '1', b: '2' })).toBe(true);
    expect(labelTest(both)({ a: '1' })).toBe(false);
    expect(labelTest([])({})).toBe(true);
    expect(labelTest([{ name: 'a', operator: 'UNKNOWN', value: '1' }])({ a: '1' })).toBe(false);
  });
});
