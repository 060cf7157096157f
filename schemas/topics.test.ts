import { expect, test } from 'vitest';
import { schemaTexts } from './generated/schema-texts.ts';
import type { TopicEntry } from './topics.ts';
import { recordsOfTopics, recordsOn, statefulStages, topicSpecs, topics } from './topics.ts';

const plan = { prefix: 'vigie.', partitions: 8 } as const;

test('every topic has the prefix, the partitions, and bounds', () => {
  const specs = topicSpecs(plan);
  expect(specs).toHaveLength(topics.length);
  for (const spec of specs) {
    expect(spec.name).toMatch(/^vigie\.[a-z]+([.-][a-z]+)*$/);
    expect(spec.partitions).toBe(spec.name === 'vigie.catalog' ? 1 : 8);
    expect(spec.retentionBytes).toBeGreaterThan(0);
    expect(spec.retentionMs).toBeGreaterThan(0);
  }
  expect(new Set(specs.map((spec) => spec.name)).size).toBe(specs.length);
});

test('a raw record of the limit fits the dead-letter topic with its headers', () => {
  const bytes = Object.fromEntries(
    topicSpecs(plan).map((spec) => [spec.name, spec.maxRecordBytes]),
  );
  expect(bytes['vigie.metrics.raw']).toBe(16 * 1024 * 1024);
  expect(bytes['vigie.dead-letter']).toBeGreaterThan(16 * 1024 * 1024 + 64 * 1024);
});

test('raw records may be stamped an hour ahead, and no further', () => {
  const bounded = topicSpecs(plan).filter(({ maxAheadMs }) => maxAheadMs !== undefined);
  expect(bounded.map(({ name, maxAheadMs }) => [name, maxAheadMs])).toEqual([
    ['vigie.metrics.raw', 3_600_000],
  ]);
});

test('every stage has a compacted topic for its state, placed as its input', () => {
  const specs = topicSpecs(plan);
  for (const stage of statefulStages) {
    const spec = specs.find(({ name }) => name === `vigie.${stage}.state`);
    expect(spec).toMatchObject({ cleanup: 'compact', partitions: 8 });
  }
});

test('retention can be set by topic', () => {
  const specs = topicSpecs({ ...plan, retentionMs: { decisions: 5 } });
  expect(specs.find(({ name }) => name === 'vigie.decisions')?.retentionMs).toBe(5);
  expect(specs.find(({ name }) => name === 'vigie.events')?.retentionMs).toBe(30 * 86_400_000);
});

test.each([0, -4, 3, 6, 1.5, 8192, Number.NaN])('%d partitions are refused', (partitions) => {
  expect(() => topicSpecs({ prefix: '', partitions })).toThrow(
    expect.objectContaining({ code: 'OPTIONS_INVALID', fate: 'stop' }),
  );
});

test('every record stands on a topic, and every topic says which stand on it', () => {
  expect(recordsOfTopics()).toEqual(Object.keys(schemaTexts));
  expect(recordsOn('metrics.raw')).toEqual(['MetricPoint', 'MetricBatch', 'Tick']);
  expect(recordsOn('nothing')).toEqual([]);
  for (const topic of topics as readonly TopicEntry[]) {
    const ours = topic.name !== 'dead-letter' && !topic.name.endsWith('.state');
    expect(topic.records.length > 0, topic.name).toBe(ours);
  }
});
