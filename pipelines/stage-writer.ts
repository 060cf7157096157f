import { mergeMap, type OperatorFunction, pipe } from 'rxjs';
import { batchWhileBusy } from '../runtime/batch-while-busy.ts';
import { cutOff, failPoint } from '../runtime/fail-point.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import type { TaskResult } from '../runtime/task.ts';
import type { OutboundRecord, Subscription } from '../runtime/transport.ts';
import type { StageMeter } from './observability/worker-metrics-stage.ts';
import { isState, latestOffsets, takeWrite } from './stage-write.ts';

/** What a stage’s results are written with. */
export interface StageWriterSetup {
  readonly spec: StageSpec;
  readonly subscription: Subscription;
  readonly meter: StageMeter;
  /** The records that a result is written as. */
  readonly outbound: (result: TaskResult) => readonly OutboundRecord[];
  /** Takes a result whose records are acknowledged and whose offsets are stored. */
  readonly settle: (result: TaskResult) => void;
}

/**
 * Writes results and then stores their offsets, and settles them once both is done.
 *
 *     outputs ─────▶ one write under way ─▶ offsets ─▶ settled
 *     checkpoints ─▶ one write under way ────────────▶ settled
 *
 * What readers wait for is the outputs. So the next write does not wait for the offsets of the one before, nor for a
 * checkpoint, which may be large. A checkpoint waits for the offsets of all outputs before it: it must not be ahead of them.
 */
export class StageWriter {
  readonly #setup: StageWriterSetup;
  /** When the outputs of the last write are settled, and with them all before. */
  #stored: Promise<void> = Promise.resolve();
  #saved: Promise<void> = Promise.resolve();

  constructor(setup: StageWriterSetup) {
    this.#setup = setup;
  }

  /** Emits whenever something was settled; an error of the stream is the fault of a write. */
  through(): OperatorFunction<TaskResult, void> {
    return pipe(
      batchWhileBusy({ take: takeWrite, project: (results) => this.#write(results) }),
      mergeMap(({ settled }) => settled),
    );
  }

  async #write(results: readonly TaskResult[]): Promise<Begun> {
    const [first] = results;
    if (first === undefined || !isState(first)) return await this.#outputs(results);
    // One after the other: the next one’s records depend on this one being settled.
    this.#saved = Promise.all([this.#saved, this.#stored]).then(() => this.#state(first));
    return begun(this.#saved);
  }

  /** Resolves when the outputs are acknowledged; their offsets may not be stored yet. */
  async #outputs(results: readonly TaskResult[]): Promise<Begun> {
    const { spec, subscription, meter, outbound, settle } = this.#setup;
    const written = results.filter(({ kind }) => kind !== 'replay');
    const records = written.flatMap(outbound);
    const offsets = latestOffsets(written);
    const acknowledged = Promise.withResolvers<void>();
    const store = async (): Promise<void> => {
      if (records.length + offsets.length === 0) return;
      const owned = [...new Set(written.map(({ task }) => task.partition))];
      await meter.write('commit', records, () =>
        subscription.write(records, offsets, owned, acknowledged.resolve),
      );
      if (offsets.length > 0) failPoint('offsets-stored', spec.name);
    };
    const before = this.#stored;
    this.#stored = Promise.all([store(), before]).then(() => results.forEach(settle));
    const started = begun(this.#stored);
    await Promise.race([acknowledged.promise, started.settled]);
    return started;
  }

  /** Writes a checkpoint or a part of one. */
  async #state(result: TaskResult): Promise<void> {
    const { spec, subscription, meter, outbound, settle } = this.#setup;
    const records = outbound(result);
    if (records.length > 0) {
      if (result.kind === 'checkpoint')
        await cutOff(records, spec.name, (part) => subscription.write(part, []));
      const owned = [result.task.partition];
      await meter.write('checkpoint', records, () => subscription.write(records, [], owned));
      if (result.kind === 'part') failPoint('parts-missing', spec.name);
    }
    settle(result);
  }
}

/** A write that has begun. */
interface Begun {
  readonly settled: Promise<void>;
}

/** Whoever waits for a write sees its fault, be it later. */
function begun(settled: Promise<void>): Begun {
  settled.catch(() => undefined);
  return { settled };
}
