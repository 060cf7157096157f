import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';
import { SlotReader } from './slot.ts';
import type { StageSpec } from './stage-spec.ts';
import { inputRecord, startTask } from './task.fixture.ts';
import type { Task, TaskResult } from './task.ts';
import type { OutboundRecord } from './transport.ts';

const PART_BYTES = 8 * 1024;
const KEYS = 60;

/** A kernel that counts by name, a kilobyte each, and tells all counts of each line that says `sum`. */
const kernel = `data:text/javascript,${encodeURIComponent(`
  export default async () => {
    const counts = new Map();
    const changed = new Set();
    return {
      process(input, output) {
        while (input.next()) {
          const name = input.value.toString();
          if (name !== 'sum') {
            counts.set(name, (counts.get(name) ?? 0) + 1);
            changed.add(name);
          } else {
            const all = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
            output.emit('out', 0, null, Buffer.from(JSON.stringify(all)), 0);
          }
        }
      },
      *checkpoint() {
        for (const name of [...changed].sort()) {
          changed.delete(name);
          yield [Buffer.from(name), Buffer.from(String(counts.get(name)).padEnd(1024))];
        }
      },
      restore(key, value) {
        counts.set(key.toString(), Number(value.toString()));
      },
    };
  };
`)}`;
const spec: StageSpec = {
  name: 'count',
  inputs: ['names'],
  broadcast: [],
  local: [],
  outputs: ['out'],
  kernel,
};

/** Collects what a task yields; `between` acts when a part has been taken out. */
function collector(between: (task: Task) => void = () => undefined) {
  const kinds: TaskResult['kind'][] = [];
  const sums: string[] = [];
  const partBytes: number[] = [];
  /** How many records were on the state topic behind each part and each end. */
  const ends: number[] = [];
  let written = 0;
  const take = (result: TaskResult, records: readonly OutboundRecord[]): void => {
    kinds.push(result.kind);
    if (result.kind === 'part' || result.kind === 'checkpoint') {
      partBytes.push(result.answer.bytes);
      written += records.length;
      ends.push(written);
      if (result.kind === 'part') between(result.task);
      return;
    }
    const slot = new SlotReader(result.output, result.answer.bytes);
    while (slot.next()) sums.push(String(slot.value));
  };
  return { kinds, sums, partBytes, ends, take };
}

const firstLines = Array.from({ length: KEYS }, (_, i) => `name-${String(i).padStart(2, '0')}`);
const setup = { spec, partBytes: PART_BYTES };
let lanes: Lanes;

beforeAll(() => {
  lanes = new Lanes({ threads: 1, timeoutMs: 20_000 });
});
afterAll(() => lanes.close());

/** Runs a spread checkpoint with names in between, one by one; all that came in is in `log`. */
async function spreadRun(namesBetween: readonly string[]) {
  const log = [...firstLines];
  const between = [...namesBetween];
  const seen = collector((task) => {
    const name = between.shift();
    if (name === undefined) return;
    task.offer('names', [inputRecord(name, log.length)]);
    log.push(name);
  });
  const { task, saved } = await startTask({ ...setup, lanes, take: seen.take });
  task.offer('names', log.map(inputRecord));
  await task.settled();
  task.checkpoint('spread');
  await task.settled();
  return { ...seen, task, saved, log };
}

/** What the task says of its counts after it was killed with so much on its state topic, and its replay. */
async function sumAfterKill(state: readonly OutboundRecord[], log: readonly string[]) {
  const seen = collector();
  const { task, from = 0 } = await startTask({
    ...setup,
    lanes,
    state,
    committed: log.length,
    take: seen.take,
  });
  task.offer('names', [...log.map(inputRecord).slice(from), inputRecord('sum', log.length)]);
  await task.settled();
  return seen.sums;
}

function sumOf(log: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of log) counts.set(name, (counts.get(name) ?? 0) + 1);
  return JSON.stringify([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('a checkpoint of more than a part', () => {
  it('leaves in several slots of bounded size, with input between them', async () => {
    const { kinds, partBytes } = await spreadRun(['name-00', 'name-59', 'new']);
    const from = kinds.indexOf('part');
    expect(kinds.slice(from, from + 6)).toEqual([
      ...['part', 'outputs', 'part', 'outputs', 'part', 'outputs'],
    ]);
    expect(kinds.filter((kind) => kind === 'part').length).toBeGreaterThan(KEYS / 8);
    expect(kinds.at(-1)).toBe('checkpoint');
    expect(Math.max(...partBytes)).toBeLessThanOrEqual(PART_BYTES);
  });

  it('is whole or not at all, wherever a kill cuts it off', async () => {
    const first = await spreadRun(['name-00', 'name-59', 'new', 'name-30', 'name-00']);
    const { task, log, ends } = first;
    task.offer(
      'names',
      firstLines.map((name, i) => inputRecord(name, log.length + i)),
    );
    log.push(...firstLines);
    task.checkpoint('whole');
    await task.settled();
    const expected = [sumOf(log)];
    expect(ends.length).toBeGreaterThan(16);
    for (const end of ends) {
      for (const cut of [end - 1, end])
        expect(await sumAfterKill(first.saved.slice(0, cut), log), `cut at ${cut}`).toEqual(
          expected,
        );
    }
  });

  it('has nothing processed between its parts when it is to save the state where it stands', async () => {
    const seen = collector((task) => task.offer('names', [inputRecord('late', KEYS)]));
    const { task, saved } = await startTask({ ...setup, lanes, take: seen.take });
    task.offer('names', firstLines.map(inputRecord));
    task.checkpoint('whole');
    await task.settled();
    const parts = seen.kinds.slice(seen.kinds.indexOf('part'));
    expect(parts.lastIndexOf('part')).toBe(parts.indexOf('checkpoint') - 1);
    expect(parts.slice(0, -1)).not.toContain('outputs');
    expect(Math.max(...seen.partBytes)).toBeLessThanOrEqual(PART_BYTES);
    expect(await sumAfterKill(saved, firstLines)).toEqual([sumOf(firstLines)]);
  });

  it('is brought to its end by the next one', async () => {
    const seen = collector((task) => {
      if (seen.kinds.filter((kind) => kind === 'part').length === 1) task.checkpoint('spread');
    });
    const { task, saved } = await startTask({ ...setup, lanes, take: seen.take });
    task.offer('names', firstLines.map(inputRecord));
    await task.settled();
    task.checkpoint('spread');
    await task.settled();
    const stamps = saved.filter(({ key }) => String(key) === '~stamp');
    expect(stamps).toHaveLength(1);
    expect(saved.at(-1)).toBe(stamps[0]);
    expect(await sumAfterKill(saved, firstLines)).toEqual([sumOf(firstLines)]);
  });

  it('is not spread for a while after one of which most had to be taken out twice', async () => {
    let at = 0;
    let offersLeft = 0;
    const offer = (to: Task, names: readonly string[]): void => {
      const from = at;
      at += names.length;
      to.offer(
        'names',
        names.map((name, i) => inputRecord(name, from + i)),
      );
    };
    const seen = collector((running) => {
      if (offersLeft-- > 0) offer(running, firstLines);
    });
    const { task } = await startTask({ ...setup, lanes, take: seen.take });
    for (let round = 0; round < KEYS; round++) {
      // Small ones that need no spreading say nothing.
      offer(task, firstLines.slice(0, 5));
      task.checkpoint('spread');
      await task.settled();
    }
    /** What comes from the first part on to the end of a checkpoint during which all series get points. */
    const busyCheckpoint = async (): Promise<TaskResult['kind'][]> => {
      const before = seen.kinds.length;
      offersLeft = 8;
      offer(task, firstLines);
      task.checkpoint('spread');
      await task.settled();
      const kinds = seen.kinds.slice(before);
      return kinds.slice(kinds.indexOf('part'), kinds.indexOf('checkpoint'));
    };
    expect(await busyCheckpoint()).toContain('outputs');
    for (let i = 0; i < 7; i++) expect(await busyCheckpoint()).not.toContain('outputs');
    expect(await busyCheckpoint()).toContain('outputs');
  });
});
