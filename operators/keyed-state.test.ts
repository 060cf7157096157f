import { describe, expect, it } from 'vitest';
import { KeyedState } from './keyed-state.ts';

describe('KeyedState', () => {
  it('yields what changed, once, and null for what is gone', () => {
    const state = new KeyedState<number>();
    state.set('b', 2);
    state.set('a', 1);
    state.set('c', 3);
    state.delete('c');
    expect([...state.takeChanged('n/')]).toEqual([
      ['n/a', '1'],
      ['n/b', '2'],
      ['n/c', null],
    ]);
    expect([...state.takeChanged('n/')]).toEqual([]);
  });

  it('keeps the mark of what changes while entries are taken', () => {
    const state = new KeyedState<number>();
    for (const key of ['a', 'b', 'c']) state.set(key, 1);
    const taking = state.takeChanged('');
    expect(taking.next().value).toEqual(['a', '1']);
    state.set('a', 2);
    state.set('b', 2);
    expect([...taking]).toEqual([
      ['b', '2'],
      ['c', '1'],
    ]);
    expect([...state.takeChanged('')]).toEqual([['a', '2']]);
  });
});
