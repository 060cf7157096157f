import { describe, expect, it } from 'vitest';
import { KafkaError } from './client.ts';
import { outcomes, produceByLeader, TopicLeaders, type TopicState } from './topic-leaders.ts';

const missing = new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'no such topic', true);
const state = (topic: string, ...leaders: (number | undefined)[]): TopicState => ({
  topic,
  partitions: leaders.length,
  leaders: new Map(
    leaders.flatMap((node, partition) => (node === undefined ? [] : [[partition, node] as const])),
  ),
});
const batch = (topic: string, partition: number) => ({
  topic,
  partition,
  firstSequence: 0,
  records: [],
});

/** Answers with the given states in turn, the last one for ever, and counts the questions. */
function brokerWith(...answers: readonly (readonly TopicState[])[]) {
  let asked = 0;
  const leaders = new TopicLeaders(async () => {
    asked += 1;
    return answers[Math.min(asked, answers.length) - 1] ?? [];
  });
  return { leaders, asked: () => asked };
}

describe('leaders of partitions', () => {
  it('are asked for once, and again when they are forgotten', async () => {
    const { leaders, asked } = brokerWith([state('a', 1, 2)], [state('a', 3, 2)]);
    expect([await leaders.leader('a', 0), await leaders.leader('a', 1)]).toEqual([1, 2]);
    expect(asked()).toBe(1);
    leaders.forget();
    expect(await leaders.leader('a', 0)).toBe(3);
  });

  it('are an error that may pass while there is none, or no such partition or topic', async () => {
    const { leaders } = brokerWith([state('a', 1, undefined)]);
    await expect(leaders.leader('a', 1)).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
    await expect(leaders.leader('a', 2)).rejects.toMatchObject({ type: missing.type });
    const lost = brokerWith([{ ...state('a'), error: missing }]).leaders;
    await expect(lost.leader('a', 0)).rejects.toBe(missing);
    expect(await lost.partitionCounts(['a'])).toEqual(new Map());
  });

  it('are no secret that looks like a missing topic: what we may not see is an error', async () => {
    const lacking = { operation: 'Describe', resource: 'topic', name: 'a' } as const;
    const denied = new KafkaError('TOPIC_AUTHORIZATION_FAILED', 'no', false, { missing: lacking });
    const { leaders } = brokerWith([{ ...state('a'), error: denied }]);
    await expect(leaders.partitionCounts(['a'])).rejects.toBe(denied);
  });

  it('are not asked for when no topic is named', async () => {
    const { leaders, asked } = brokerWith([state('a', 1)]);
    expect(await leaders.partitionCounts([])).toEqual(new Map());
    expect(asked()).toBe(0);
    expect(await leaders.partitionCounts()).toEqual(new Map([['a', 1]]));
  });

  it('group partitions by node', async () => {
    const { leaders } = brokerWith([state('a', 1, 2, 1)]);
    const grouped = await leaders.byLeader('a', [0, 1, 2]);
    expect([...grouped]).toEqual([
      [1, [0, 2]],
      [2, [1]],
    ]);
  });

  it('of a new topic are waited for, up to a limit', async () => {
    const { leaders, asked } = brokerWith([state('a', undefined)], [state('a', 1)]);
    await leaders.awaitLeaders(['a'], 10_000);
    expect(asked()).toBe(2);
    const never = brokerWith([state('a', undefined)]).leaders;
    await expect(never.awaitLeaders(['a'], -1)).rejects.toMatchObject({ type: 'TIMEOUT' });
  });
});

describe('batches', () => {
  it('go to the leaders of their partitions, and their results come in order', async () => {
    const { leaders } = brokerWith([state('a', 1, 2, 1, undefined)]);
    const batches = [0, 1, 2, 3].map((partition) => batch('a', partition));
    const sent: string[] = [];
    const results = await produceByLeader(leaders, batches, async (node, part) => {
      sent.push(`${node}: ${part.map(({ partition }) => partition)}`);
      return part.map(() => (node === 2 ? missing : undefined));
    });
    expect(sent).toEqual(['1: 0,2', '2: 1']);
    expect(results.slice(0, 3)).toEqual([undefined, missing, undefined]);
    expect(results[3]).toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
  });

  it('without a code in the response may be tried again', () => {
    const answers = [
      { topic: 'a', partition: 0, code: 0 },
      { topic: 'a', partition: 2, code: 10 },
    ];
    const batches = [0, 1, 2].map((partition) => batch('a', partition));
    const [stored, unknown, refused] = outcomes(batches, answers);
    expect(stored).toBeUndefined();
    expect(refused).toMatchObject({ type: 'MESSAGE_TOO_LARGE', retriable: false });
    expect(unknown).toMatchObject({ type: 'NO_ANSWER', retriable: true });
  });
});
