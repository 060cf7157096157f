import { describe, expect, it } from 'vitest';
import type { PartitionOffset } from '../transport.ts';
import { OffsetCommits } from './offset-commits.ts';
import type { Pace } from './pace.ts';

const at = (offset: number, partition = 0): PartitionOffset => ({ topic: 't', partition, offset });

/** A group whose requests are answered by the test, and time that passes only while somebody waits. */
class Group {
  readonly requests: { readonly offsets: readonly PartitionOffset[]; readonly atMs: number }[] = [];
  readonly #answers: PromiseWithResolvers<void>[] = [];
  readonly commits: OffsetCommits;
  nowMs = 1000;

  constructor() {
    const pace: Pace = {
      nowMs: () => this.nowMs,
      sleep: async (ms, signal) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (signal?.aborted !== true) this.nowMs += ms;
      },
    };
    this.commits = new OffsetCommits((offsets) => {
      const answer = Promise.withResolvers<void>();
      this.#answers.push(answer);
      this.requests.push({ offsets, atMs: this.nowMs });
      return answer.promise;
    }, pace);
  }

  async answer(fault?: Error): Promise<void> {
    const answer = this.#answers.shift();
    if (fault === undefined) answer?.resolve();
    else answer?.reject(fault);
    await turn();
  }
}

/** Lets all happen that waits for nobody. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('OffsetCommits', () => {
  it('stores at once when nothing is under way, and what comes meanwhile with the next request', async () => {
    const group = new Group();
    const first = group.commits.store([at(1), at(7, 1)]);
    await turn();
    const others = [group.commits.store([at(2)]), group.commits.store([at(3)])];
    await turn();
    expect(group.requests.map(({ offsets }) => offsets)).toEqual([[at(1), at(7, 1)]]);
    await group.answer();
    await first;
    expect(group.requests[1]?.offsets).toEqual([at(3)]);
    await group.answer();
    await Promise.all(others);
    expect(group.requests).toHaveLength(2);
  });

  it('leaves time between two requests, and none after a pause', async () => {
    const group = new Group();
    for (const [offset, pauseMs] of [
      [1, 0],
      [2, 20],
      [3, 1000],
    ] as const) {
      group.nowMs += pauseMs;
      const stored = group.commits.store([at(offset)]);
      await turn();
      await group.answer();
      await stored;
    }
    expect(group.requests.map(({ atMs }) => atMs)).toEqual([1000, 1050, 2050]);
  });

  it('does not let those wait who are in a hurry', async () => {
    const group = new Group();
    const stored = [group.commits.store([at(1)], true)];
    await turn();
    await group.answer();
    stored.push(group.commits.store([at(2)]), group.commits.store([at(5, 1)], true));
    await turn();
    await group.answer();
    await Promise.all(stored);
    expect(group.requests.map(({ atMs }) => atMs)).toEqual([1000, 1000]);
    expect(group.requests[1]?.offsets).toEqual([at(2), at(5, 1)]);
  });

  it('lets a failed request fail those that were in it, and no others', async () => {
    const group = new Group();
    const failed = group.commits.store([at(1)]);
    const outcome = failed.catch((error: Error) => error.message);
    await turn();
    const next = group.commits.store([at(2)]);
    await group.answer(new Error('gone'));
    expect(await outcome).toBe('gone');
    await group.answer();
    await next;
    expect(group.requests.map(({ offsets }) => offsets)).toEqual([[at(1)], [at(2)]]);
  });
});
