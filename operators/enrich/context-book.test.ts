import { describe, expect, it } from 'vitest';
import { Catalog } from '../catalog.ts';
import { ContextBook } from './context-book.ts';
import { metricDefinition, NOW_MS, seriesDefinition } from './example-series.fixture.ts';

describe('ContextBook', () => {
  it('gives one number to all series that agree, and others to the rest', () => {
    const book = new ContextBook(new Catalog());
    const first = book.place(seriesDefinition('up', { host: 'a' }));
    expect(book.place(seriesDefinition('up', { host: 'b' }))).toBe(first);
    const others = [
      seriesDefinition('down'),
      seriesDefinition('up', { service: 'shop' }),
      seriesDefinition('up', {}, { tenant: 'other' }),
      seriesDefinition('up', {}, { kind: 'COUNTER' }),
      seriesDefinition('up', {}, { unit: 'By' }),
    ].map((definition) => book.place(definition));
    expect(new Set([first, ...others]).size).toBe(6);
    expect(book.tenant(first)).toBe('acme');
    expect(book.tenant(99)).toBe('');
  });

  it('says what the producer said where the catalog says nothing', () => {
    const book = new ContextBook(new Catalog());
    const number = book.place(
      seriesDefinition('up', { service: 'shop' }, { kind: 'COUNTER', unit: 'By' }),
    );
    expect(book.resolve(number, NOW_MS)).toMatchObject({
      service: 'shop',
      metricType: 'UNKNOWN',
      kind: 'COUNTER',
      unit: 'By',
      direction: 'BOTH',
      catalogVersion: 0,
    });
    expect(book.isCounter(number, NOW_MS)).toBe(true);
  });

  it('says what the catalog says from when it acts on, and before that what it said before', () => {
    const catalog = new Catalog();
    const book = new ContextBook(catalog);
    const number = book.place(seriesDefinition('up'));
    expect(book.resolve(number, NOW_MS).metricType).toBe('UNKNOWN');
    catalog.put('MetricDefinition', metricDefinition('up', { unit: 's', ownerService: 'shop' }));
    expect(book.resolve(number, NOW_MS)).toMatchObject({
      metricType: 'SLI',
      unit: 's',
      service: 'shop',
      kind: 'GAUGE',
    });
    const later = { kind: 'BUCKET', version: 2, effectiveFromMs: NOW_MS + 1000 } as const;
    catalog.put('MetricDefinition', metricDefinition('up', later));
    const versions = [0, 999, 1000, 999].map(
      (ms) => book.resolve(number, NOW_MS + ms).catalogVersion,
    );
    expect(versions).toEqual([1, 1, 2, 1]);
    expect([999, 1000].map((ms) => book.isCounter(number, NOW_MS + ms))).toEqual([false, true]);
  });

  it('gives the same object as long as nothing changes', () => {
    const book = new ContextBook(new Catalog());
    const number = book.place(seriesDefinition('up'));
    expect(book.resolve(number, NOW_MS)).toBe(book.resolve(number, NOW_MS + 1));
  });

  it('saves what is new and numbers on from what was saved, in any order', () => {
    const catalog = new Catalog();
    const book = new ContextBook(catalog);
    const saved: [number, Uint8Array][] = [];
    const save = (each: ContextBook) =>
      saved.push(...[...each.takeNew()].map(([n, b]) => [n, b] as [number, Uint8Array]));
    save(book);
    expect(saved).toEqual([]);
    for (const name of ['a', 'b', 'c']) book.place(seriesDefinition(name));
    save(book);
    save(book);
    expect(saved).toHaveLength(3);
    const restored = new ContextBook(catalog);
    for (const [number, bytes] of saved.toReversed()) restored.restore(number, bytes);
    expect(['c', 'a', 'd'].map((name) => restored.place(seriesDefinition(name)))).toEqual([
      2, 0, 3,
    ]);
    save(restored);
    expect(saved.map(([number]) => number)).toEqual([0, 1, 2, 3]);
  });
});
