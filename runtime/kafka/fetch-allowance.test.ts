import { expect, it } from 'vitest';
import { FetchAllowance } from './fetch-allowance.ts';

/** When each of some fetches may be sent, if each is wanted `everyMs` after the one before was sent. */
async function timesOf(count: number, everyMs: number): Promise<number[]> {
  let nowMs = 1000;
  const allowance = new FetchAllowance({
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  });
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    await allowance.take();
    times.push(nowMs - 1000);
    nowMs += everyMs;
  }
  return times;
}

it('lets a few fetches through at once, and then one every five milliseconds', async () => {
  expect(await timesOf(8, 0)).toEqual([0, 0, 0, 0, 5, 10, 15, 20]);
});

it('holds none back that come no faster than that', async () => {
  expect(await timesOf(8, 5)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
});

it('counts the time that an answer took', async () => {
  expect(await timesOf(8, 3)).toEqual(
    [0, 3, 6, 9, 12, 15, 18, 21].map((ms, i) => Math.max(ms, 5 * (i - 3))),
  );
});
