import { describe, expect, it } from 'vitest';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { TenantDefinition } from '../../schemas/generated/tenant-definition.ts';
import { createIdentity } from '../../schemas/identity.ts';
import { type PackedBatch, readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import { rawBatch, type TestSeries } from '../../test/support/raw-batch.ts';
import { Catalog } from '../catalog.ts';
import { EventTime } from '../event-time.ts';
import { eventTimeOptions } from '../event-time-options.ts';
import { validateOptions } from './options.ts';
import { type RawPoints, rawFromBatch, rawFromHead } from './raw-points.ts';
import { Validator } from './validator.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
const tenant: TenantDefinition = {
  tenant: 'default',
  title: null,
  maxSeries: 0,
  entityLabels: [],
  correlateBy: [],
  version: 1,
  effectiveFromMs: 0,
};

function setUp(partitions = 4, catalog = new Catalog()) {
  const eventTime = new EventTime(eventTimeOptions.parse({}));
  const options = validateOptions.parse({});
  const validator = new Validator({ options, catalog, eventTime, partitions });
  let offset = 0;
  const take = (raw: RawPoints, recordMs: number) =>
    validator.accept(raw, { partition: 7, offset: offset++, recordMs });
  const accept = (series: readonly TestSeries[], over = {}, recordMs = NOW_MS) => {
    const raw = rawFromBatch(rawBatch(series, over), 50_000);
    if ('code' in raw) throw new Error(raw.detail);
    return take(raw, recordMs);
  };
  const drain = () => {
    const out: { partition: number; batch: SeriesBatch; packed: PackedBatch }[] = [];
    validator.drain(({ partition, batch }) => {
      const packed = readPackedBatch(batch);
      if ('code' in packed) throw new Error(packed.detail);
      out.push({ partition, batch, packed });
    });
    return out;
  };
  return { accept, take, drain };
}

const up = (points: TestSeries['points'], host = 'a'): TestSeries => ({
  name: 'up',
  labels: { host },
  points,
});

describe('Validator', () => {
  it('makes nothing of nothing', () => {
    const { accept, drain } = setUp();
    expect(drain()).toEqual([]);
    expect(accept([])).toEqual([{ code: 'RECORD_EMPTY', detail: '', points: 0 }]);
    expect(accept([up([])])).toMatchObject([{ code: 'RECORD_EMPTY' }]);
    expect(drain()).toEqual([]);
  });

  it('packs one point with its definition, to the partition of its entity, with where it came from', () => {
    const { accept, drain } = setUp();
    expect(accept([up([[NOW_MS, 5]])])).toEqual([]);
    const [only, ...rest] = drain();
    expect(rest).toEqual([]);
    const { shard, seriesId } = createIdentity().of('default', 'up', [['host', 'a']]);
    expect(only?.partition).toBe(shard % 4);
    expect(only?.batch.definitions).toMatchObject([
      { seriesId, name: 'up', labels: { host: 'a' }, firstSeenMs: NOW_MS },
    ]);
    expect([...(only?.packed.values ?? [])]).toEqual([5]);
    expect([...(only?.packed.runSourcePartitions ?? [])]).toEqual([7]);
    expect([...(only?.packed.runSourceOffsets ?? [])]).toEqual([0]);
  });

  it('puts all series of an entity into one batch per partition and tenant, in the order of their records', () => {
    const { accept, drain } = setUp();
    for (let i = 0; i < 3; i++) {
      accept([up([[NOW_MS + i, i]]), { ...up([[NOW_MS + i, 10 + i]]), name: 'load' }]);
      accept([up([[NOW_MS + i, 20 + i]])], { tenant: 'other' });
    }
    const out = drain();
    expect(out.map(({ batch }) => batch.tenant).sort()).toEqual(['default', 'other']);
    const own = out.find(({ batch }) => batch.tenant === 'default');
    expect([...(own?.packed.values ?? [])]).toEqual([0, 10, 1, 11, 2, 12]);
    expect([...(own?.packed.runSourceOffsets ?? [])]).toEqual([0, 0, 2, 2, 4, 4]);
  });

  it('defines a series once, and again an hour of event time later', () => {
    const { accept, drain } = setUp();
    const definedAt = (ms: number) => {
      accept([up([[ms, 1]])], {}, ms);
      return drain().flatMap(({ batch }) => batch.definitions).length;
    };
    expect([0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1].map((ms) => definedAt(NOW_MS + ms))).toEqual([
      1, 0, 0, 1, 0,
    ]);
  });

  it('takes the series of a known head as those of a record read anew, definitions and refusals too', () => {
    const [anew, byHead] = [setUp(), setUp()];
    const head = rawFromBatch(rawBatch([up([], 'a'), up([], 'b'), { ...up([]), name: '9' }]), 9);
    if ('code' in head) throw new Error(head.detail);
    let reads = 0;
    for (const ms of [0, 1000, HOUR_MS, HOUR_MS + 1000].map((more) => NOW_MS + more)) {
      for (const value of [1, Number.NaN]) {
        const batch = rawBatch([
          up([[ms, 1]], 'a'),
          up([[ms + 1, value]], 'b'),
          { ...up([[ms, 3]]), name: '9' },
        ]);
        const raw = rawFromHead(head, batch, () => {
          reads += 1;
          const read = rawFromBatch(batch, 9);
          return 'code' in read ? [] : read.series;
        });
        if ('code' in raw) throw new Error(raw.detail);
        expect(byHead.take(raw, ms)).toEqual(anew.take(rawFromBatch(batch, 9) as RawPoints, ms));
        const batches = byHead.drain();
        expect(batches).toEqual(anew.drain());
      }
    }
    // First of all; for a bad point or name each time; for definitions after an hour.
    expect(reads).toBe(8);
  });

  it('stops repeating definitions of series that come under another head each time', () => {
    const { take, drain } = setUp();
    const hosts = Array.from({ length: 4096 }, (_, host) => `host-${host}`);
    /** Definitions sent in a round in which each record holds another number of series than in the last one. */
    const defined = (perRecord: number): number => {
      let sent = 0;
      for (let from = 0; from < hosts.length; from += perRecord) {
        const names = hosts.slice(from, from + perRecord);
        const raw = rawFromBatch(rawBatch(names.map((host) => up([[NOW_MS, 1]], host))), 50_000);
        if ('code' in raw) throw new Error(raw.detail);
        raw.places.keep();
        take(raw, NOW_MS);
        sent += drain().flatMap(({ batch }) => batch.definitions).length;
      }
      return sent;
    };
    expect(defined(64)).toBe(hosts.length);
    const repeated = [defined(63), defined(62), defined(61), defined(60)];
    // Those before it showed, and then all, once more.
    expect(repeated[0]).toBeLessThanOrEqual(hosts.length);
    expect(repeated[1]).toBeLessThan(0.5 * hosts.length);
    expect(repeated.slice(2)).toEqual([0, 0]);
  });

  it('says of a new series when its first point was', () => {
    const { accept, drain } = setUp();
    accept([
      up([
        [NOW_MS, 1],
        [NOW_MS + 1, 2],
        [NOW_MS + 2, 3],
      ]),
    ]);
    expect(drain()[0]?.batch.definitions[0]?.firstSeenMs).toBe(NOW_MS);
  });

  it('cuts runs where points are bad or historical', () => {
    const { accept, drain } = setUp();
    const late = NOW_MS - 1_000_000;
    const refused = accept([
      up([
        [late, 1],
        [late + 1, 2],
        [NOW_MS, 3],
        [NOW_MS + 1, Number.NaN],
        [NOW_MS + 2, 5],
        [NOW_MS + 3, 6],
      ]),
    ]);
    const [out] = drain();
    expect([...(out?.packed.runFlags ?? [])]).toEqual([runFlags.historical, 0, 0]);
    expect([...(out?.packed.runStarts ?? [])]).toEqual([0, 2, 3, 5]);
    expect([...(out?.packed.values ?? [])]).toEqual([1, 2, 3, 5, 6]);
    expect(refused).toMatchObject([{ code: 'VALUE_NOT_FINITE', points: 1, detail: 'up' }]);
  });

  it('gives one part per code, each with its points only, and none for a series without points', () => {
    const { accept } = setUp();
    const refused = accept([
      up([
        [NOW_MS, 1],
        [0, 2],
        [1, 3],
      ]),
      { ...up([[NOW_MS, 4]]), name: 'no good' },
      { ...up([[0, 5]]), name: 'also' },
      { ...up([]), name: 'not even a point' },
    ]);
    expect(refused.map(({ code, points }) => [code, points])).toEqual([
      ['TIMESTAMP_INVALID', 2],
      ['TIMESTAMP_TOO_OLD', 1],
      ['METRIC_NAME_INVALID', 1],
    ]);
    const parts = refused.map(({ batch }) => batch && rawFromBatch(batch, 10));
    expect(parts.map((part) => part && 'values' in part && [...part.values])).toEqual([
      [2, 5],
      [3],
      [4],
    ]);
  });

  it('refuses a record that is all bad as a whole', () => {
    const { accept, drain } = setUp();
    expect(
      accept([
        up([
          [0, 1],
          [0, 2],
        ]),
      ]),
    ).toEqual([{ code: 'TIMESTAMP_INVALID', detail: 'up', points: 2 }]);
    expect(drain()).toEqual([]);
  });

  it('takes any tenant while none is defined, and only those defined afterwards', () => {
    const catalog = new Catalog();
    const { accept } = setUp(4, catalog);
    const from = (name: string) =>
      accept([up([[NOW_MS, 1]])], { tenant: name }).map(({ code }) => code);
    expect([from('stranger'), from(''), from('x'.repeat(151))]).toEqual([
      [],
      ['TENANT_INVALID'],
      ['TENANT_INVALID'],
    ]);
    catalog.put('TenantDefinition', tenant);
    expect([from('default'), from('stranger')]).toEqual([[], ['TENANT_UNKNOWN']]);
  });

  it('places series by the labels that the tenant names its entities by', () => {
    const catalog = new Catalog();
    catalog.put('TenantDefinition', { ...tenant, entityLabels: ['rack'] });
    const { accept, drain } = setUp(1024, catalog);
    const hosts = Array.from({ length: 20 }, (_, i) => ({
      ...up([[NOW_MS, i]]),
      labels: { host: `h${i}`, rack: 'r' },
    }));
    accept(hosts);
    expect(drain()).toHaveLength(1);
  });

  it('gives the same for the same records, however they are cut into calls', () => {
    const records = Array.from({ length: 30 }, (_, i) => [
      up([[NOW_MS + i, i]], `h${i % 5}`),
      up([[0, i]]),
    ]);
    const runsOf = (callEvery: number) => {
      const { accept, drain } = setUp();
      const lines: string[] = [];
      const collect = () => {
        for (const { partition, packed } of drain()) {
          packed.values.forEach((value, run) => {
            lines.push(
              `${partition} ${packed.runSourceOffsets[run]} ${packed.timestamps[run]} ${value}`,
            );
          });
        }
      };
      records.forEach((series, i) => {
        accept(series);
        if (i % callEvery === 0) collect();
      });
      collect();
      return lines.sort();
    };
    expect(runsOf(7)).toEqual(runsOf(1));
    expect(runsOf(1000)).toEqual(runsOf(1));
  });
});
