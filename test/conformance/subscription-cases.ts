import { expect, it } from 'vitest';
import type { Transport } from '../../runtime/transport.ts';
import { codeOf, MAX_RECORD_BYTES, readAll, record, text, topicOf } from './fixtures.ts';
import { Received } from './received.ts';

/** What holds of groups, offsets and delivery. */
export function describeSubscriptions(use: () => Transport): void {
  it('delivers to each group all that is there and all that comes, with the end for lag', async () => {
    const topic = await topicOf(use(), 2);
    await use().write('writer', [record(topic, 0, 'a'), record(topic, 1, 'b')]);
    const subscriptions = await Promise.all(
      ['g', 'h'].map((group) => use().subscribe(`${topic}.${group}`, [topic])),
    );
    const groups = subscriptions.map((subscription) => new Received(subscription));
    for (const group of groups) await group.until(({ assigned }) => assigned.size === 2);
    await use().write('writer', [record(topic, 0, 'c')]);
    for (const group of groups) {
      expect((await group.take(2, topic, 0)).map(({ value }) => text(value))).toEqual(['a', 'c']);
      expect((await group.take(1, topic, 1)).map(({ value }) => text(value))).toEqual(['b']);
      expect(group.records.filter(({ high, offset }) => high <= offset)).toEqual([]);
      expect(group.of(topic, 0).at(-1)?.high).toBe(2);
    }
    for (const subscription of subscriptions) await subscription.close();
  });

  it('stores offsets with acknowledged records, and not with refused ones', async () => {
    const [input, output] = [await topicOf(use(), 1), await topicOf(use(), 1)];
    const group = `${input}.group`;
    const subscription = await use().subscribe(group, [input]);
    await new Received(subscription).until(({ assigned }) => assigned.has(0));
    expect(await subscription.committed(input, 0)).toBeUndefined();
    await use().write(
      'writer',
      ['a', 'b', 'c'].map((value) => record(input, 0, value)),
    );
    await subscription.write([record(output, 0, 'A')], [{ topic: input, partition: 0, offset: 1 }]);
    expect(await subscription.committed(input, 0)).toBe(1);
    const tooLarge = { ...record(output, 0, ''), value: Buffer.alloc(MAX_RECORD_BYTES + 100_000) };
    const refused = subscription.write([tooLarge], [{ topic: input, partition: 0, offset: 2 }]);
    expect(await codeOf(refused)).toBe('TRANSPORT_REFUSED');
    expect(await subscription.committed(input, 0)).toBe(1);
    await subscription.write([], [{ topic: input, partition: 0, offset: 3 }]);
    expect(await use().committed(group, input)).toEqual(new Map([[0, 3]]));
    expect((await use().ranges(output))[0]?.high).toBe(1);
    await subscription.close();
  });

  it('stores records of calls that overlap in the order of the calls', async () => {
    const [input, output] = [await topicOf(use(), 1), await topicOf(use(), 1)];
    const subscription = await use().subscribe(`${input}.group`, [input]);
    await new Received(subscription).until(({ assigned }) => assigned.has(0));
    const told: number[] = [];
    const calls = [1, 2, 3].map((offset) => {
      const offsets = [{ topic: input, partition: 0, offset }];
      const acknowledged = () => told.push(offset);
      return subscription.write([record(output, 0, `${offset}`)], offsets, [0], acknowledged);
    });
    await Promise.all(calls);
    expect(told).toEqual([1, 2, 3]);
    expect((await readAll(use(), output, 0, 3)).map(({ value }) => text(value))).toEqual([
      '1',
      '2',
      '3',
    ]);
    expect(await subscription.committed(input, 0)).toBe(3);
    await subscription.close();
  });

  it('goes on from the committed offset when a member comes back', async () => {
    const topic = await topicOf(use(), 1);
    const group = `${topic}.group`;
    await use().write(
      'writer',
      ['a', 'b', 'c', 'd'].map((value) => record(topic, 0, value)),
    );
    const first = await use().subscribe(group, [topic]);
    await new Received(first).take(4, topic, 0);
    await first.write([], [{ topic, partition: 0, offset: 3 }]);
    await first.close();
    const second = await use().subscribe(group, [topic]);
    const received = new Received(second, async (partition) => {
      return new Map([[topic, (await second.committed(topic, partition)) ?? 0]]);
    });
    expect((await received.take(1, topic, 0)).map(({ offset }) => offset)).toEqual([3]);
    await second.close();
  });

  it('starts below the committed offset for a replay', async () => {
    const topic = await topicOf(use(), 1);
    const group = `${topic}.group`;
    await use().write(
      'writer',
      ['a', 'b', 'c', 'd'].map((value) => record(topic, 0, value)),
    );
    const first = await use().subscribe(group, [topic]);
    await new Received(first).until(({ assigned }) => assigned.has(0));
    await first.write([], [{ topic, partition: 0, offset: 4 }]);
    await first.close();
    const second = await use().subscribe(group, [topic]);
    const received = new Received(second, () => new Map([[topic, 1]]));
    expect((await received.take(3, topic, 0)).map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(await second.committed(topic, 0)).toBe(4);
    await second.close();
  });

  it('gives a partition of all co-partitioned topics to the same member', async () => {
    const topics = [await topicOf(use(), 2), await topicOf(use(), 2)];
    const [left = '', right = ''] = topics;
    for (const topic of topics)
      await use().write('writer', [record(topic, 0, `${topic}0`), record(topic, 1, `${topic}1`)]);
    const subscription = await use().subscribe(`${left}.group`, topics);
    // The second topic starts behind its first record in partition 1, the absent one at its beginning.
    const received = new Received(
      subscription,
      (partition) => new Map(partition === 1 ? [[right, 1]] : []),
    );
    await received.take(1, left, 0);
    await received.take(1, left, 1);
    await received.take(1, right, 0);
    await use().write('writer', [record(right, 1, 'late')]);
    expect((await received.take(1, right, 1)).map(({ value }) => text(value))).toEqual(['late']);
    expect([...received.assigned].sort()).toEqual([0, 1]);
    await subscription.close();
  });
}

/** What holds of start, pause and resume. */
export function describePauses(use: () => Transport): void {
  it('delivers nothing before start', async () => {
    const topic = await topicOf(use(), 2);
    await use().write('writer', [record(topic, 0, 'a'), record(topic, 1, 'b')]);
    const subscription = await use().subscribe(`${topic}.group`, [topic]);
    let startFirst = (): void => {};
    const gate = new Promise<void>((resolve) => {
      startFirst = resolve;
    });
    const received = new Received(subscription, async (partition) => {
      if (partition === 1) await gate;
      return new Map();
    });
    await received.take(1, topic, 0);
    await use().write('writer', [record(topic, 0, 'c')]);
    await received.take(2, topic, 0);
    expect(received.of(topic, 1)).toEqual([]);
    startFirst();
    await received.take(1, topic, 1);
    await subscription.close();
  });

  it('holds a paused partition back, goes on with the others, and loses and repeats nothing', async () => {
    const topic = await topicOf(use(), 2);
    const both = (value: string): Promise<void> =>
      use().write('writer', [record(topic, 0, value), record(topic, 1, value)]);
    const subscription = await use().subscribe(`${topic}.group`, [topic]);
    const received = new Received(subscription);
    await both('a');
    await received.take(1, topic, 0);
    await received.take(1, topic, 1);
    subscription.pause([0]);
    // What was on its way may still come, and has come once a later record of the other partition is here.
    await both('b');
    await received.take(2, topic, 1);
    const before = received.of(topic, 0).length;
    await both('c');
    await both('d');
    await received.take(4, topic, 1);
    expect(received.of(topic, 0).length).toBe(before);
    subscription.resume([0]);
    const values = (await received.take(4, topic, 0)).map(({ value }) => text(value));
    expect(values).toEqual(['a', 'b', 'c', 'd']);
    await subscription.close();
  });
}
