import { describe, expect, it } from 'vitest';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import { Catalog } from '../catalog.ts';
import { ContextBook } from './context-book.ts';
import { seriesDefinition } from './example-series.fixture.ts';
import { SeriesRegister } from './series-register.ts';

const WEEK_MS = 7 * 86_400_000;

function setUp() {
  const contexts = new ContextBook(new Catalog());
  const register = new SeriesRegister(contexts, WEEK_MS);
  const define = (definition: SeriesDefinition, limit = 100) =>
    register.define(
      definition,
      idLow(definition.seriesId, 0),
      idHigh(definition.seriesId, 0),
      limit,
    );
  const find = ({ seriesId }: SeriesDefinition) =>
    register.find(idLow(seriesId, 0), idHigh(seriesId, 0));
  return { contexts, register, define, find };
}

describe('SeriesRegister', () => {
  it('finds nothing, then one, then each of many', () => {
    const { register, define, find } = setUp();
    const many = Array.from({ length: 3000 }, (_, i) => seriesDefinition('up', { host: `h${i}` }));
    const [first = seriesDefinition('none')] = many;
    expect(find(first)).toBe(-1);
    expect(define(first)).toBe('new');
    expect(define(first)).toBe('known');
    for (const each of many.slice(1)) expect(define(each, 10_000)).toBe('new');
    expect(new Set(many.map(find)).size).toBe(3000);
    expect(register.table.rowCount).toBe(3000);
  });

  it('knows a series by its labels in any order, and notices others under its id', () => {
    const { define } = setUp();
    const known = seriesDefinition('up', { a: '1', b: '2' });
    define(known);
    expect(define({ ...known, labels: { b: '2', a: '1' } })).toBe('known');
    expect(define({ ...known, kind: 'COUNTER', unit: 'By' })).toBe('known');
    expect(define({ ...known, labels: { a: '1', b: '3' } })).toBe('collision');
    expect(define({ ...known, labels: { a: '1b', '': '2' } })).toBe('collision');
    expect(define({ ...known, name: 'down' })).toBe('collision');
  });

  it('holds each tenant to its limit, also after a restore', () => {
    const { contexts, register, define } = setUp();
    const series = (i: number, tenant: string) =>
      seriesDefinition('up', { host: `h${i}` }, { tenant });
    expect([0, 1, 2].map((i) => define(series(i, 'a'), 2))).toEqual(['new', 'new', 'limit']);
    expect(define(series(0, 'b'), 2)).toBe('new');
    expect([register.isFull('a', 2), register.isFull('b', 2), register.isFull('c', 2)]).toEqual([
      true,
      false,
      false,
    ]);

    const restored = new SeriesRegister(contexts, WEEK_MS);
    register.table.writeDirty((page, image) => restored.table.readPage(page, image));
    restored.rebuild();
    const { seriesId } = series(1, 'a');
    const row = restored.find(idLow(seriesId, 0), idHigh(seriesId, 0));
    expect(row).toBe(1);
    expect(contexts.tenant(restored.contextOf(row))).toBe('a');
    expect([restored.isFull('a', 2), restored.isFull('b', 2)]).toEqual([true, false]);
  });
});
