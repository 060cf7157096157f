import { join } from 'node:path';
import type { FleetSetup } from '../support/fleet.ts';

/** A million points. */
export const CRASH_FLEET: FleetSetup = {
  seed: 11,
  series: 1000,
  rounds: 1000,
  stepMs: 60_000,
  faultEvery: 250,
};

/** Settings of the worker that is killed: checkpoints come often, so that kills fall around them. */
export function crashSettings(folder: string): string[] {
  return [
    `transport.embedded.dir=${join(folder, 'log')}`,
    'transport.embedded.durability=normal',
    'runtime.checkpointIntervalMs=1000',
    // So small that a checkpoint of detect has several parts.
    'runtime.checkpointPartBytes=16KiB',
    // Slots of entities are judged by the watermark: whatever a kill holds up is waited for.
    'eventTime.idleTimeoutMs=1h',
    'runtime.threads=2',
  ];
}
