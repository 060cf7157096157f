/**
 * A process that loads the machine and ends by itself: `node stress-load.ts <cpu|mem|disk> <durationMs> <amount> <folder>`.
 *
 * cpu: keeps one core busy. mem: takes and touches `amount` bytes. disk: writes and syncs a file of at most `amount`
 * bytes in `folder`, over and over, and removes it. Ends early when its parent goes away.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../runtime/clock.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;
const SLICE_MS = 20;
const PAGE_BYTES = 4096;

const [kind = '', duration = '0', amount = '0', folder = '.'] = process.argv.slice(2);
const endMs = systemClock.nowMs() + Number(duration);
const held: Buffer[] = [];
let sink = 0;

for (const reason of ['disconnect', 'SIGINT', 'SIGTERM'] as const)
  process.on(reason, () => process.exit(0));

function burn(): void {
  const until = systemClock.nowMs() + SLICE_MS;
  while (systemClock.nowMs() < until) for (let i = 0; i < 50_000; i++) sink = Math.sqrt(sink + i);
}

function take(): void {
  if (held.length * CHUNK_BYTES < Number(amount))
    held.push(Buffer.alloc(CHUNK_BYTES, held.length + 1));
  else
    for (const buffer of held)
      for (let at = 0; at < buffer.length; at += PAGE_BYTES) buffer[at] = sink & 0xff;
  sink += 1;
}

function diskWriter(): { step(): void; close(): void } {
  const file = path.join(folder, `vigie-stress-${process.pid}.tmp`);
  const descriptor = openSync(file, 'w');
  const chunk = Buffer.alloc(CHUNK_BYTES, 0x5a);
  let written = 0;
  return {
    step() {
      if (written + CHUNK_BYTES > Number(amount)) {
        ftruncateSync(descriptor, 0);
        written = 0;
      }
      writeSync(descriptor, chunk, 0, chunk.length, written);
      fsyncSync(descriptor);
      written += CHUNK_BYTES;
    },
    close() {
      closeSync(descriptor);
      rmSync(file, { force: true });
    },
  };
}

const disk = kind === 'disk' ? diskWriter() : undefined;
process.on('exit', () => disk?.close());

function turn(): void {
  if (systemClock.nowMs() >= endMs) process.exit(0);
  if (kind === 'cpu') burn();
  else if (kind === 'mem') take();
  else disk?.step();
  // Between slices the parent's going away can be noticed.
  setImmediate(turn);
}

turn();
