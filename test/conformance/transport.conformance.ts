import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transport } from '../../runtime/transport.ts';
import { type OpenedTransport, readAll, record, spec, text, topicOf } from './fixtures.ts';
import { describeEnds, describeReads } from './read-cases.ts';
import { Received } from './received.ts';
import { describePauses, describeSubscriptions } from './subscription-cases.ts';
import { describeTopics, describeWrites } from './write-cases.ts';

/**
 * The semantics of the `Transport` port as a vitest suite; whatever implements the port must pass it.
 *
 * Topics get names of their own in each run, so a broker may be used again. Nothing here waits for a time.
 */
export function transportConformance(name: string, open: () => Promise<OpenedTransport>): void {
  describe(`transport: ${name}`, () => {
    let opened: OpenedTransport;
    let transport: Transport;
    beforeAll(async () => {
      opened = await open();
      transport = opened.transport;
    });
    afterAll(() => opened.dispose());
    const use = (): Transport => transport;

    describeTopics(use);
    describeWrites(use);
    describeSubscriptions(use);
    describePauses(use);
    describeReads(use);
    describeEnds(open);
    it('finds records, ranges and offsets again after a restart', async ({ skip }) => {
      if (opened.reopen === undefined) return skip();
      const topic = await topicOf(transport, 2);
      const group = `${topic}.group`;
      await transport.write(
        'writer',
        ['a', 'b', 'c'].map((value) => record(topic, 1, value)),
      );
      const subscription = await transport.subscribe(group, [topic]);
      await new Received(subscription).until(({ assigned }) => assigned.size === 2);
      await subscription.write([], [{ topic, partition: 1, offset: 2 }]);
      await subscription.close();
      transport = await opened.reopen();
      await transport.ensureTopics([spec(topic, 2)]);
      expect(await transport.ranges(topic)).toEqual([
        { partition: 0, low: 0, high: 0 },
        { partition: 1, low: 0, high: 3 },
      ]);
      expect(await transport.committed(group, topic)).toEqual(new Map([[1, 2]]));
      await transport.write('writer', [record(topic, 1, 'd')]);
      const records = await readAll(transport, topic, 1, 4);
      expect(records.map(({ value }) => text(value))).toEqual(['a', 'b', 'c', 'd']);
    });
  });
}
