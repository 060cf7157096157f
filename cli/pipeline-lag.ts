import { topology } from '../pipelines/topology.ts';
import type { Transport } from '../runtime/transport.ts';

/**
 * Counts the records that stages have not committed yet: what is still under way between the topics.
 *
 * Zero means that everything written before the call has gone through, as far as records come of records. Cost: one
 * request per input topic and group.
 */
export async function pipelineLag(
  transport: Transport,
  prefix: string,
  stages: readonly { readonly name: string; readonly inputs: readonly string[] }[] = topology,
): Promise<number> {
  let lag = 0;
  for (const { name, inputs } of stages) {
    for (const input of inputs) {
      const topic = prefix + input;
      const committed = await transport.committed(prefix + name, topic);
      for (const { partition, low, high } of await transport.ranges(topic)) {
        lag += Math.max(0, high - Math.max(low, committed.get(partition) ?? low));
      }
    }
  }
  return lag;
}
