import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import type { LiveStress } from './live-state.ts';
import type { StressPlan } from './stress-plan.ts';

const LOAD_MODULE = new URL('./stress-load.ts', import.meta.url);
const MIB = 1024 * 1024;
const MOST_MEMORY_BYTES = 2048 * MIB;
const MOST_DISK_BYTES = 256 * MIB;

/** A load that begins and ends by itself. */
export interface Stress {
  /** How it stands, `elapsedMs` after the start of the run. */
  state(elapsedMs: number): LiveStress;
  /** Ends it at once. */
  stop(): void;
}

/**
 * Loads this machine at the planned time: every core, or a quarter of the free memory (at most 2 GiB), or the disk
 * of the temporary folder (a file of at most 256 MiB, less when space is short).
 *
 * The load runs in processes of its own that end by themselves, also when this one dies.
 */
export function startStress(plan: StressPlan): Stress {
  let children: ChildProcess[] = [];
  const timer = setTimeout(() => {
    const count = plan.kind === 'cpu' ? availableParallelism() : 1;
    const args = [plan.kind, String(plan.durationMs), String(amountOf(plan)), scratchFolder()];
    children = Array.from({ length: count }, () =>
      fork(LOAD_MODULE, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] }),
    );
  }, plan.atMs);
  return {
    state(elapsedMs) {
      const { kind, atMs, durationMs } = plan;
      if (elapsedMs < atMs) return { kind, state: 'waiting', remainingMs: atMs - elapsedMs };
      const remainingMs = atMs + durationMs - elapsedMs;
      return remainingMs > 0
        ? { kind, state: 'running', remainingMs }
        : { kind, state: 'done', remainingMs: 0 };
    },
    stop() {
      clearTimeout(timer);
      for (const child of children) if (child.connected) child.disconnect();
      children = [];
    },
  };
}

function amountOf({ kind }: StressPlan): number {
  if (kind === 'mem') return Math.min(MOST_MEMORY_BYTES, freemem() / 4);
  if (kind === 'disk') {
    const { bavail, bsize } = statfsSync(scratchFolder());
    return Math.max(8 * MIB, Math.min(MOST_DISK_BYTES, (bavail * bsize) / 4));
  }
  return 0;
}

/** A folder for temporary files that lies on a disk: `/tmp` is often memory. */
function scratchFolder(): string {
  return existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
}
