import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';

describe('fingerprint', () => {
  test('gives the values that prometheus/common states', () => {
    expect(BigInt(`0x${fingerprint({})}`)).toBe(14695981039346656037n);
    const labels = { name: 'garland, briggs', fear: 'love is not enough' };
    expect(BigInt(`0x${fingerprint(labels)}`)).toBe(5799056148416392346n);
  });

  test('does not depend on the order of the labels', () => {
    const labels = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(labels, (entries) => {
        const forth = fingerprint(Object.fromEntries(entries));
        expect(fingerprint(Object.fromEntries([...entries].reverse()))).toBe(forth);
        expect(forth).toMatch(/^[0-9a-f]{16}$/);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps names and values apart', () => {
    expect(fingerprint({ a: 'bc' })).not.toBe(fingerprint({ ab: 'c' }));
  });

  test('orders names by bytes, not by UTF-16 units', () => {
    // U+FF5E sorts after U+1F600 by UTF-16 units and before it by UTF-8 bytes.
    const expected = fingerprint({ '\uff5e': '1', '\u{1f600}': '2' });
    expect(expected).toBe(fingerprint({ '\u{1f600}': '2', '\uff5e': '1' }));
    expect(expected).toBe('496203f2f1328043');
  });
});
