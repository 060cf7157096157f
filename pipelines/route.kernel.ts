import type { RouteOptions } from '../operators/route/options.ts';
import { Router } from '../operators/route/router.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { StateEntry } from '../runtime/state/state-entries.ts';
import { Codec } from '../schemas/codec.ts';
import { decodeRecord } from './decode-record.ts';
import type { StageOptions } from './stage-options.ts';

type Context = KernelContext<StageOptions<RouteOptions>>;

/** ROUTE: decides who is told of an incident and when; sinks do the telling. */
class RouteKernel implements Kernel {
  readonly #context: Context;
  readonly #codec: Codec;
  readonly #router: Router;

  constructor(context: Context) {
    this.#context = context;
    this.#codec = new Codec(context.options.schemaIds);
    this.#router = new Router(context.options.section, { partition: context.partition });
  }

  process(input: SlotReader, output: KernelOutput): void {
    let latestMs = 0;
    while (input.next()) {
      latestMs = Math.max(latestMs, input.timestampMs);
      const decoded = decodeRecord(
        this.#codec,
        input,
        ['Incident', 'Tick', 'Notification'],
        output,
      );
      switch (decoded?.name) {
        case 'Incident':
          this.#router.incident(decoded.value);
          break;
        case 'Tick':
          this.#router.tick(decoded.value.watermarkMs);
          break;
        case 'Notification':
          this.#router.outcome(decoded.value);
      }
    }
    this.#drain(latestMs, output);
  }

  *checkpoint(): Generator<StateEntry> {
    for (const [key, value] of this.#router.entries())
      yield [Buffer.from(key), value === null ? null : Buffer.from(value)];
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    this.#router.restore(
      Buffer.from(key).toString(),
      value === null ? null : Buffer.from(value).toString(),
    );
  }

  #drain(latestMs: number, output: KernelOutput): void {
    const { partition } = this.#context;
    this.#router.drain({
      notification: (notification) => {
        const value = this.#codec.encode('Notification', notification);
        output.emit('notifications', partition, notification.id, value, latestMs);
        output.count(`notifications_total{state="${notification.state}"}`, 1);
      },
      decision: (decision) => {
        const value = this.#codec.encode('Decision', decision);
        output.emit('decisions', partition, Buffer.from(decision.id), value, latestMs);
      },
    });
  }
}

const createKernel: CreateKernel<StageOptions<RouteOptions>> = async (context) =>
  new RouteKernel(context);

export default createKernel;
