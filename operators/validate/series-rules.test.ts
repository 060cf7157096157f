import { describe, expect, it } from 'vitest';
import type { LabelPair } from '../../schemas/identity.ts';
import { validateOptions } from './options.ts';
import { checkSeries } from './series-rules.ts';

const limits = validateOptions.parse({});

function faultOf(name: string, labels: readonly LabelPair[] = [], unit: string | null = null) {
  return checkSeries({ name, labels, unit }, limits);
}

function labelsOf(count: number): LabelPair[] {
  return Array.from({ length: count }, (_, i) => [`l${i}`, 'x'] as const);
}

describe('checkSeries', () => {
  it.each(['up', 'a:b', '_x', 'http.server.duration', 'x'.repeat(1024)])(
    'takes the name %s',
    (name) => {
      expect(faultOf(name)).toBeUndefined();
    },
  );

  it.each(['', '1up', 'no good', 'ümlaut', 'up\n', 'x'.repeat(1025)])(
    'refuses the name %j',
    (name) => {
      expect(faultOf(name)?.code).toBe('METRIC_NAME_INVALID');
    },
  );

  it('takes labels and a unit up to their limits', () => {
    const longest: LabelPair[] = [['a'.repeat(1024), 'ü'.repeat(2048)]];
    expect(faultOf('up', longest, 'm'.repeat(64))).toBeUndefined();
    expect(faultOf('up', labelsOf(30))).toBeUndefined();
    expect(faultOf('up', [['service.instance.id', 'a']])).toBeUndefined();
  });

  it.each([
    ['LABELS_TOO_MANY', labelsOf(31)],
    ['LABELS_TOO_MANY', labelsOf(200)],
    ['LABEL_NAME_TOO_LONG', [['a'.repeat(1025), '1']]],
    ['LABEL_NAME_INVALID', [['', '1']]],
    ['LABEL_NAME_INVALID', [['a:b', '1']]],
    ['LABEL_VALUE_TOO_LONG', [['a', 'x'.repeat(2049)]]],
    [
      'LABEL_DUPLICATE',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ] as const)('refuses: %s', (code, labels) => {
    expect(faultOf('up', labels as readonly LabelPair[])?.code).toBe(code);
  });

  it('refuses a unit without end', () => {
    expect(faultOf('up', [], 'm'.repeat(65))?.code).toBe('UNIT_TOO_LONG');
  });

  it('never quotes a value, and quotes names cut short', () => {
    const secret = faultOf('up', [['a', `secret${'x'.repeat(5000)}`]]);
    expect(secret?.detail).not.toContain('secret');
    expect(faultOf('x'.repeat(100_000))?.detail.length).toBeLessThan(200);
    expect(faultOf('up', [['x'.repeat(100_000), '1']])?.detail.length).toBeLessThan(200);
  });
});
