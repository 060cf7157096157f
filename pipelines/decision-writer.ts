import { type DecisionNote, DecisionTally } from '../operators/decision-tally.ts';
import type { KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { Codec } from '../schemas/codec.ts';
import { partitionOfText } from '../schemas/identity.ts';

/** Takes a kernel’s decisions and writes the complete ones to `decisions`, placed by tenant. */
export class DecisionWriter {
  readonly #log: DecisionTally;
  readonly #codec: Codec;
  readonly #partitions: number;

  constructor({ stage, partition, partitions }: KernelContext<unknown>, codec: Codec) {
    this.#log = new DecisionTally(stage, partition);
    this.#codec = codec;
    this.#partitions = partitions;
  }

  note(note: DecisionNote): void {
    this.#log.note(note);
  }

  /** Takes in that it is so late by the task’s input. */
  advance(toMs: number): void {
    this.#log.advance(toMs);
  }

  flush(output: KernelOutput): void {
    this.#log.drain((decision) => {
      const partition = partitionOfText(decision.tenant, this.#partitions);
      const value = this.#codec.encode('Decision', decision);
      output.emit('decisions', partition, Buffer.from(decision.id), value, decision.toMs);
    });
  }

  save(): Uint8Array | undefined {
    return this.#log.save();
  }

  restore(bytes: Uint8Array): void {
    this.#log.restore(bytes);
  }
}
