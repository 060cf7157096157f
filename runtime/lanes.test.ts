import { afterEach, describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

/** A kernel whose calls take as many ms as its options say. */
const slowKernel = `data:text/javascript,${encodeURIComponent(`
  export default async ({ options }) => ({
    process: () => new Promise((resolve) => setTimeout(resolve, options)),
    checkpoint: () => [],
    restore() {},
  });
`)}`;
const open: Lanes[] = [];

/** One lane with a slow task open in it. */
async function slowLane(callMs: number, timeoutMs: number) {
  const lanes = new Lanes({ threads: 1, timeoutMs });
  open.push(lanes);
  const task = { stage: 'slow', partition: 0 };
  const context = { stage: 'slow', partition: 0, partitions: 1, options: callMs };
  await lanes.run(0, {
    op: 'open',
    task,
    kernel: slowKernel,
    context,
    inputs: [],
    outputs: [],
    prefix: '',
    deadLetters: { maxPerMinute: 1, sampleEvery: 1 },
  });
  const buffer = () => new SharedArrayBuffer(64);
  return () => lanes.run(0, { op: 'process', task, input: buffer(), bytes: 0, output: buffer() });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((lanes) => lanes.close()));
});

describe('Lanes', () => {
  it('counts a deadline from the turn of a call, however many wait before it', async () => {
    const process = await slowLane(600, 4000);
    const calls = Array.from({ length: 8 }, () => process());
    expect(await Promise.all(calls)).toHaveLength(8);
  }, 20_000);

  it('loads a kernel ahead and keeps nothing of it', async () => {
    const lanes = new Lanes({ threads: 1, timeoutMs: 10_000 });
    open.push(lanes);
    const task = { stage: 'slow', partition: 0 };
    const context = { stage: 'slow', partition: 0, partitions: 1, options: 0 };
    await lanes.run(0, { op: 'warm', task, kernel: slowKernel, context });
    const output = new SharedArrayBuffer(64);
    const used = lanes.run(0, { op: 'checkpoint', task, output, maxBytes: 1, last: true });
    await expect(used).rejects.toMatchObject({ code: 'TASK_LOST' });
    const missing = lanes.run(0, { op: 'warm', task, kernel: 'data:text/javascript,?', context });
    await expect(missing).rejects.toMatchObject({ code: 'KERNEL_FAILED' });
  }, 20_000);

  it('gives up a call that takes too long and tells the next one that its kernel is gone', async () => {
    const process = await slowLane(60_000, 4000);
    const [first, second] = await Promise.allSettled([process(), process()]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'KERNEL_TIMEOUT' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'TASK_LOST' } });
  }, 20_000);
});
