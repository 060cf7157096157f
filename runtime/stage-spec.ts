/**
 * A stage as data: which topics its tasks read and write, and the module whose kernel does the work.
 *
 * Topic names are without prefix. `inputs` are co-partitioned and committed; every task reads
 * all partitions of `broadcast` topics from their beginning; `local` ones exist only in this worker’s memory, fed by the
 * stage’s admission. A kernel numbers its input topics in this order: inputs, broadcast, local. `kernel` is the URL of a
 * `*.kernel.ts` module.
 */
export interface StageSpec {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly broadcast: readonly string[];
  readonly local: readonly string[];
  readonly outputs: readonly string[];
  readonly kernel: string;
}

/** The compacted topic that holds the state pages of a stage’s tasks. */
export function stateTopic(stage: string): string {
  return `${stage}.state`;
}
