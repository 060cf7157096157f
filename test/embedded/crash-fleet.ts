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
    // Event time goes far faster than the clock here: whatever a kill holds up is waited for.
    'eventTime.failoverTimeoutMs=1d',
    'runtime.threads=2',
  ];
}
