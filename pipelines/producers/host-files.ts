import { closeSync, openSync, readdirSync, readSync, statfsSync } from 'node:fs';

/** Size of a file system, bytes. `availableBytes` is what an ordinary user may still write. */
export interface MountSpace {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
}

/** What the sampler asks of the machine's files; tests put captured text behind it. */
export interface HostFiles {
  /** The whole text, or undefined where there is no such file or it may not be read. */
  readText(path: string): string | undefined;
  /** Number of running processes, or undefined where the machine does not show them. */
  countProcesses(): number | undefined;
  mountSpace(path: string): MountSpace | undefined;
  close(): void;
}

const INITIAL_BUFFER_BYTES = 64 * 1024;

/**
 * Opens the machine's own `/proc`. Files stay open between samples and are read again from their start, which the
 * kernel answers with fresh text; that saves an open and a close per file and second.
 */
export function openHostFiles(): HostFiles {
  const descriptors = new Map<string, number | undefined>();
  let buffer = Buffer.allocUnsafe(INITIAL_BUFFER_BYTES);

  function descriptor(path: string): number | undefined {
    if (!descriptors.has(path))
      descriptors.set(
        path,
        attempt(() => openSync(path, 'r')),
      );
    return descriptors.get(path);
  }

  function readWhole(fd: number): string {
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, length);
      if (count === 0) return buffer.toString('latin1', 0, length);
      length += count;
      if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  }

  return {
    readText(path) {
      const fd = descriptor(path);
      return fd === undefined ? undefined : attempt(() => readWhole(fd));
    },
    countProcesses() {
      return attempt(() => readdirSync('/proc').filter(isNumber).length);
    },
    mountSpace(path) {
      return attempt(() => spaceOf(path));
    },
    close() {
      for (const fd of descriptors.values()) if (fd !== undefined) closeSync(fd);
      descriptors.clear();
    },
  };
}

function spaceOf(path: string): MountSpace {
  const { bsize, blocks, bfree, bavail } = statfsSync(path);
  return { sizeBytes: blocks * bsize, freeBytes: bfree * bsize, availableBytes: bavail * bsize };
}

function isNumber(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57;
}

/** A file of `/proc` that is absent or forbidden is a fact about the machine, not a fault. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
