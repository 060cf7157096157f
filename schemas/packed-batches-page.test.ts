import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Codec } from './codec.ts';
import { FileRegistry } from './file-registry.ts';
import { createIdentity } from './identity.ts';
import { registerRecords } from './registry.ts';

const page = readFileSync(new URL('../docs/reference/packed-batches.md', import.meta.url), 'utf8');

test('the example on the page is what it says', async () => {
  const ids = await registerRecords(new FileRegistry());
  const block = /```hex\n(.*?)```/s.exec(page)?.[1] ?? '';
  const hex = block.split('\n').map((line) => line.slice(0, 42).replaceAll(' ', ''));
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(ids.MetricBatch, 1);
  const framed = Buffer.concat([frame, Buffer.from(hex.join(''), 'hex')]);
  const { value } = new Codec(ids).decode(framed, ['MetricBatch']);
  expect(value.dictionary).toEqual(['cpu_busy_ratio', 'host', 'web-1', 'web-2', '1']);
  expect(value.series.map(({ labels, kind, unit }) => [...labels, kind, unit])).toEqual([
    [1, 2, 'GAUGE', 4],
    [1, 3, 'GAUGE', 4],
  ]);
  expect([...value.counts]).toEqual([2, 0, 0, 0, 1, 0, 0, 0]);
  const doubles = (bytes: Uint8Array) => [...new Float64Array(Uint8Array.from(bytes).buffer)];
  expect(doubles(value.timestamps)).toEqual([1.7e12, 1.7e12 + 1000, 1.7e12]);
  expect(doubles(value.values)).toEqual([0.25, 0.5, 0.75]);
});

test('the ids on the page are what the code gives', () => {
  const rows = page.matchAll(/^\| (\S+), (\S+), \{(.*?)\} \| `(\w+)` \| `(\w+)` \| (\d+) \|$/gm);
  const identity = createIdentity();
  let checked = 0;
  for (const [, tenant = '', name = '', labels = '', series, entity, shard] of rows) {
    const pairs = labels.split(', ').filter((pair) => pair !== '');
    const found = identity.of(
      tenant,
      name,
      pairs.map((pair) => pair.split('=') as [string, string]),
    );
    expect(Buffer.from(found.seriesId).toString('hex')).toBe(series);
    expect(Buffer.from(found.entityId).toString('hex')).toBe(entity);
    expect(String(found.shard)).toBe(shard);
    checked += 1;
  }
  expect(checked).toBe(3);
});
