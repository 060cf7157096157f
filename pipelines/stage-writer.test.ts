import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Task, TaskResult } from '../runtime/task.ts';
import type { OutboundRecord, PartitionOffset, Subscription } from '../runtime/transport.ts';
import type { StageMeter } from './observability/worker-metrics-stage.ts';
import { StageWriter } from './stage-writer.ts';
import { topology } from './topology.ts';

const [spec] = topology;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A write that the test acknowledges and ends. */
interface Pending {
  readonly name: string;
  readonly offsets: readonly PartitionOffset[];
  readonly acknowledged: () => void;
  readonly end: PromiseWithResolvers<void>;
}

/** A stage writer between results that the test makes and writes that it answers; `log` is what happened, in order. */
class Stage {
  readonly log: string[] = [];
  readonly writes: Pending[] = [];
  readonly #results = new Subject<TaskResult>();
  fault: unknown;

  constructor() {
    const subscription: Pick<Subscription, 'write'> = {
      write: (records, offsets, _owned, acknowledged = () => undefined) => {
        const end = Promise.withResolvers<void>();
        const name = records.map(({ topic }) => topic).join();
        this.log.push(`write ${name}`);
        this.writes.push({ name, offsets, acknowledged, end });
        return end.promise;
      },
    };
    const meter: Pick<StageMeter, 'write'> = { write: (_kind, _records, work) => work() };
    const writer = new StageWriter({
      spec,
      subscription: subscription as Subscription,
      meter: meter as StageMeter,
      outbound: (result) => {
        this.log.push(`records of ${nameOf(result)}`);
        return [{ topic: nameOf(result) } as OutboundRecord];
      },
      settle: (result) => this.log.push(`settled ${nameOf(result)}`),
    });
    this.#results.pipe(writer.through()).subscribe({
      error: (error: unknown) => {
        this.fault = error;
      },
    });
  }

  async compute(name: string, kind: TaskResult['kind'] = 'outputs'): Promise<void> {
    const commits = (): PartitionOffset[] => [{ topic: 'in', partition: 0, offset: 1 }];
    const task = { partition: 0, commits } as unknown as Task;
    this.#results.next({ task, kind, answer: { bytes: 1 }, name } as unknown as TaskResult);
    await turn();
  }

  async acknowledge(name: string): Promise<void> {
    this.#write(name).acknowledged();
    await turn();
  }

  async end(name: string, fault?: Error): Promise<void> {
    const { end } = this.#write(name);
    if (fault === undefined) end.resolve();
    else end.reject(fault);
    await turn();
  }

  #write(name: string): Pending {
    const found = this.writes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no write of ${name}`);
    return found;
  }
}

function nameOf(result: TaskResult): string {
  return (result as unknown as { readonly name: string }).name;
}

describe('StageWriter', () => {
  it('writes outputs one after the other, but does not wait for their offsets', async () => {
    const stage = new Stage();
    for (const name of ['a', 'b', 'c']) await stage.compute(name);
    expect(stage.writes.map(({ name }) => name)).toEqual(['a']);
    await stage.acknowledge('a');
    expect(stage.writes.map(({ name }) => name)).toEqual(['a', 'b,c']);
    expect(stage.writes[1]?.offsets).toEqual([{ topic: 'in', partition: 0, offset: 1 }]);
    expect(stage.log).not.toContain('settled a');
    await stage.end('a');
    await stage.end('b,c');
    expect(stage.log.slice(-3)).toEqual(['settled a', 'settled b', 'settled c']);
  });

  it('writes a checkpoint behind the offsets of the outputs before it, and outputs beside it', async () => {
    const stage = new Stage();
    await stage.compute('a');
    await stage.compute('state', 'checkpoint');
    await stage.acknowledge('a');
    expect(stage.log).not.toContain('records of state');
    await stage.compute('b');
    await stage.end('a');
    expect(stage.writes.map(({ name }) => name)).toEqual(['a', 'b', 'state']);
    await stage.end('b');
    expect(stage.log.at(-1)).toBe('settled b');
    await stage.end('state');
    expect(stage.log.at(-1)).toBe('settled state');
  });

  it('makes the records of a checkpoint only when the one before it is settled', async () => {
    const stage = new Stage();
    await stage.compute('part', 'part');
    await stage.compute('rest', 'checkpoint');
    expect(stage.log).toEqual(['records of part', 'write part']);
    await stage.end('part');
    expect(stage.log.slice(2)).toEqual(['settled part', 'records of rest', 'write rest']);
  });

  it('hands on a fault of offsets, and settles nothing behind it', async () => {
    const stage = new Stage();
    await stage.compute('a');
    await stage.acknowledge('a');
    await stage.compute('b');
    await stage.end('a', new Error('offsets'));
    await stage.end('b');
    expect(stage.fault).toMatchObject({ message: 'offsets' });
    expect(stage.log.filter((line) => line.startsWith('settled'))).toEqual([]);
  });
});
