import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from './chunk-cache.ts';

/**
 * A file for bytes that need not lie in memory; nothing of it outlives the process.
 *
 * It is made with the first write, and has no name from then on, so the system frees it when it is closed or the process
 * ends, however that happens. Reads and writes block the thread: the caller keeps them few.
 */
export class ScratchFile implements Scratch {
  readonly #folder: string;
  readonly #name: string;
  #file = -1;

  /** @param folder is made when it is not there; should not lie in memory. */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  write(position: number, bytes: Uint8Array): void {
    if (this.#file < 0) this.#file = this.#open();
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, position + done);
  }

  /** @throws RangeError when that was never written. */
  read(position: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const count = readSync(this.#file, into, done, into.length - done, position + done);
      if (count === 0) throw new RangeError(`${this.#name}: nothing at ${position + done}`);
      done += count;
    }
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  #open(): number {
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `${this.#name}.scratch`);
    const file = openSync(path, 'w+', 0o600);
    rmSync(path);
    return file;
  }
}
