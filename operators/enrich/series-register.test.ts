import { describe, expect, it } from 'vitest';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import { idHigh, idLow } from '../../schemas/identity.ts';
import { Catalog } from '../catalog.ts';
import { ContextBook } from './context-book.ts';
import { seriesDefinition } from './example-series.fixture.ts';
import { SeriesRegister } from './series-register.ts';

const limits = { ttlMs: 7 * 86_400_000, maxSeries: 10_000 };

function setUp(maxSeries = limits.maxSeries) {
  const contexts = new ContextBook(new Catalog());
  const register = new SeriesRegister(contexts, { ...limits, maxSeries });
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

    const restored = new SeriesRegister(contexts, limits);
    for (const [page, image] of register.table.takeDirty()) restored.table.readPage(page, image);
    restored.rebuild();
    const { seriesId } = series(1, 'a');
    const row = restored.find(idLow(seriesId, 0), idHigh(seriesId, 0));
    expect(row).toBe(1);
    expect(contexts.tenant(restored.contextOf(row))).toBe('a');
    expect([restored.isFull('a', 2), restored.isFull('b', 2)]).toEqual([true, false]);
  });

  it('keeps the last of its room for tenants that hold less than their share', () => {
    const { register, define } = setUp(100);
    const told = (tenant: string, count: number, first = 0) =>
      Array.from({ length: count }, (_, i) =>
        define(seriesDefinition('up', { host: `h${first + i}` }, { tenant }), 1000),
      );
    expect(told('small', 5)).not.toContain('memory');
    const large = told('large', 90);
    expect(large.filter((each) => each === 'new')).toHaveLength(85);
    expect(large.slice(85)).toEqual(Array(5).fill('memory'));
    expect(register.room).toBe(10);
    expect(told('large', 1)).toEqual(['known']);
    expect(told('third', 4)).not.toContain('memory');
    expect(told('small', 10, 5).filter((each) => each === 'new')).toHaveLength(6);
    expect(register.room).toBe(0);
    expect(told('fourth', 1)).toEqual(['memory']);
    register.evict(0);
    expect(told('fourth', 1)).toEqual(['new']);
  });

  it('lets a tenant alone have all of it', () => {
    const { register } = setUp(100);
    const { define } = setUp(3);
    expect(register.hasRoom('a')).toBe(true);
    const series = [0, 1, 2, 3].map((i) => seriesDefinition('up', { host: `h${i}` }));
    expect(series.map((each) => define(each))).toEqual(['new', 'new', 'new', 'memory']);
  });
});
