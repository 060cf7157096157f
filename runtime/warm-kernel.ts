import type { StageSpec } from './stage-spec.ts';
import type { TaskServices } from './task-restore.ts';

/**
 * Loads a stage’s kernel in every thread that may run it, with all that it needs, so that no partition has to wait for
 * that while nobody works on it.
 *
 * @throws PipelineError as opening a task does.
 */
export async function warmKernel(
  { name, kernel }: StageSpec,
  { lanes, partitions, options }: Pick<TaskServices, 'lanes' | 'partitions' | 'options'>,
): Promise<void> {
  const warmed = Array.from({ length: Math.min(lanes.count, partitions) }, (_, lane) => {
    const context = { stage: name, partition: lane, partitions, options };
    return lanes.run(lane, { op: 'warm', task: { stage: name, partition: lane }, kernel, context });
  });
  await Promise.all(warmed);
}
