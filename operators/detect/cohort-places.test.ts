import { describe, expect, it } from 'vitest';
import { CohortPlaces } from './cohort-places.ts';

describe('CohortPlaces', () => {
  it('knows nothing that it was not told', () => {
    const places = new CohortPlaces();
    expect(places.keyOf(0, 'latency')).toBeUndefined();
    places.note(0, 'latency', 'a');
    expect(places.keyOf(0, 'latency')).toBe('a');
    expect(places.keyOf(0, 'steps')).toBeUndefined();
    expect(places.keyOf(1, 'latency')).toBeUndefined();
  });

  it('never says of a row what was noted of another at its place', () => {
    const places = new CohortPlaces();
    const other = 5 + 2 ** 18;
    places.note(5, 'general', 'a');
    expect(places.keyOf(other, 'general')).toBeUndefined();
    places.note(other, 'general', 'b');
    expect(places.keyOf(other, 'general')).toBe('b');
    expect(places.keyOf(5, 'general')).toBeUndefined();
    places.forget(5);
    expect(places.keyOf(other, 'general')).toBe('b');
    places.forget(other);
    expect(places.keyOf(other, 'general')).toBeUndefined();
  });

  it('begins anew when there are too many names', () => {
    const places = new CohortPlaces();
    for (let row = 0; row < 2 ** 16 + 10; row++) places.note(row, 'general', `k${row}`);
    expect(places.keyOf(2 ** 16 + 9, 'general')).toBe(`k${2 ** 16 + 9}`);
    expect(places.keyOf(3, 'general')).toBeUndefined();
  });
});
