import { describe, expect, it } from 'vitest';
import type { Matcher } from '../../schemas/generated/matcher.ts';
import type { ServiceDefinition } from '../../schemas/generated/service-definition.ts';
import { serviceOf } from './service-of.ts';

function service(name: string, ...matchers: Matcher[]): ServiceDefinition {
  return {
    tenant: '*',
    name,
    matchers,
    dependsOn: [],
    ownerTeam: null,
    businessImpact: null,
    runbookUrl: null,
    version: 1,
    effectiveFromMs: 0,
  };
}

function one(
  operator: Matcher['operator'],
  value: string,
  labels: Record<string, string>,
): string | null {
  return serviceOf(labels, [service('found', { name: 'job', operator, value })]);
}

describe('serviceOf', () => {
  it('is the label where nothing is defined, and null without it', () => {
    expect(serviceOf({ service: 'shop' }, [])).toBe('shop');
    expect(serviceOf({ host: 'a' }, [])).toBeNull();
  });

  it('is the first definition that fits', () => {
    const all: Matcher = { name: 'job', operator: 'REGEX', value: '.*' };
    expect(serviceOf({ service: 'shop' }, [service('first', all), service('second', all)])).toBe(
      'first',
    );
    expect(
      serviceOf({ service: 'shop' }, [service('other'), service('shop'), service('x', all)]),
    ).toBe('shop');
  });

  it('needs every matcher', () => {
    const both = service(
      'both',
      { name: 'a', operator: 'EQUAL', value: '1' },
      { name: 'b', operator: 'EQUAL', value: '2' },
    );
    expect(serviceOf({ a: '1', b: '2' }, [both])).toBe('both');
    expect(serviceOf({ a: '1' }, [both])).toBeNull();
  });

  it.each([
    ['EQUAL', 'web', 'web', true],
    ['EQUAL', 'web', 'webs', false],
    ['NOT_EQUAL', 'web', 'api', true],
    ['NOT_EQUAL', 'web', 'web', false],
    ['REGEX', 'web-.*', 'web-1', true],
    ['REGEX', 'web', 'my-web-1', false],
    ['REGEX', 'a|b', 'ab', false],
    ['NOT_REGEX', 'web-.*', 'api', true],
    ['NOT_REGEX', 'web-.*', 'web-1', false],
    ['UNKNOWN', 'web', 'web', false],
  ] as const)('%s %s against %s', (operator, value, job, fits) => {
    expect(one(operator, value, { job })).toBe(fits ? 'found' : null);
  });

  it('takes an absent label as empty', () => {
    expect(one('EQUAL', '', {})).toBe('found');
    expect(one('REGEX', '.+', {})).toBeNull();
    expect(one('NOT_EQUAL', 'x', {})).toBe('found');
  });

  it('lets a pattern that is none fit nothing', () => {
    expect(one('REGEX', '(', { job: '(' })).toBeNull();
    expect(one('NOT_REGEX', '(', { job: 'x' })).toBeNull();
  });
});
