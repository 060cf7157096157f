import { afterEach, describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';
import { SlotReader } from './slot.ts';
import type { StageSpec } from './stage-spec.ts';
import { inputRecord, startTask } from './task.fixture.ts';
import type { OutboundRecord } from './transport.ts';

/** A kernel that says of each line which words it had been told by then; what it was told is its state. */
const kernel = `data:text/javascript,${encodeURIComponent(`
  export default async () => {
    const words = [];
    let changed = false;
    return {
      process(input, output) {
        while (input.next()) {
          const text = input.value.toString();
          if (input.topic === 1) {
            changed = changed || !words.includes(text);
            if (!words.includes(text)) words.push(text);
          } else output.emit('out', 0, null, Buffer.from([text, ...words].join(' ')), 0);
        }
      },
      *checkpoint() {
        if (!changed) return;
        changed = false;
        yield [Buffer.from('words'), Buffer.from(words.join(' '))];
      },
      restore(key, value) {
        words.splice(0, words.length, ...value.toString().split(' '));
      },
    };
  };
`)}`;
const spec: StageSpec = {
  name: 'tell',
  inputs: ['lines'],
  broadcast: ['words'],
  local: [],
  outputs: ['out'],
  kernel,
};
const open: Lanes[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((lanes) => lanes.close()));
});

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => inputRecord(String(from + i), from + i));
const words = (...texts: string[]) => texts.map((text, i) => inputRecord(text, i));

/** `told` is what the task’s kernel said, a replay in brackets. */
async function start(state: readonly OutboundRecord[], committed = 0) {
  const lanes = new Lanes({ threads: 1, timeoutMs: 20_000 });
  open.push(lanes);
  const told: string[] = [];
  const started = await startTask({
    spec,
    lanes,
    state,
    committed,
    take: ({ kind, output, answer }) => {
      const slot = new SlotReader(output, answer.bytes);
      while (kind !== 'checkpoint' && slot.next())
        told.push(kind === 'replay' ? `(${slot.value})` : String(slot.value));
    },
  });
  return { ...started, told };
}

describe('Task', () => {
  it('lets what is broadcast act on the input behind it, in a replay as in the first run', async () => {
    const first = await start([]);
    first.task.broadcast('words', words('a'));
    first.task.offer('lines', lines(0, 2));
    first.task.broadcast('words', words('b'));
    await first.task.settled();
    const stateAtTwo = [...first.saved];
    first.task.offer('lines', lines(2, 5));
    first.task.broadcast('words', words('c'));
    await first.task.settled();
    first.task.offer('lines', lines(5, 6));
    await first.task.settled();
    expect(first.told).toEqual(['0 a', '1 a', '2 a b', '3 a b', '4 a b', '5 a b c']);

    // It crashed when `c` was known, but neither saved nor used; 2 and 3 were committed.
    const second = await start(stateAtTwo, 4);
    expect(second.from).toBe(2);
    second.task.broadcast('words', words('a', 'b', 'c'));
    second.task.offer('lines', lines(2, 3));
    second.task.offer('lines', lines(3, 6));
    await second.task.settled();
    expect(second.told).toEqual(['(2 a b)', '(3 a b)', '4 a b c', '5 a b c']);

    // It crashed when `c` was used: the state says so.
    const third = await start(first.saved, 6);
    expect(third.from).toBe(5);
    third.task.broadcast('words', words('a', 'b', 'c', 'd'));
    third.task.offer('lines', lines(5, 7));
    await third.task.settled();
    expect(third.told).toEqual(['(5 a b c)', '6 a b c d']);
  });

  it('does not wait for a replay when it has no state', async () => {
    const { task, told, from } = await start([], 2);
    expect(from).toBe(0);
    task.broadcast('words', words('a'));
    task.offer('lines', lines(0, 3));
    await task.settled();
    expect(told).toEqual(['(0 a)', '(1 a)', '2 a']);
  });

  it('does not wait for records that are gone', async () => {
    const first = await start([]);
    first.task.broadcast('words', words('a'));
    first.task.offer('lines', lines(0, 2));
    first.task.checkpoint();
    await first.task.settled();
    const { task, told } = await start(first.saved, 5);
    task.broadcast('words', words('a', 'b'));
    task.offer('lines', lines(8, 9));
    await task.settled();
    expect(told).toEqual(['8 a b']);
  });
});
