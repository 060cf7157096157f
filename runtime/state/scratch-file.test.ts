import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ScratchFile } from './scratch-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-scratch-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads back what was written, and leaves no name behind', () => {
  const inner = join(folder, 'a', 'b');
  const scratch = new ScratchFile(inner, 'detect-3');
  scratch.close();
  scratch.write(70_000, Uint8Array.of(1, 2, 3));
  scratch.write(5, Uint8Array.of(9));
  const into = new Uint8Array(2);
  scratch.read(70_001, into);
  expect([...into]).toEqual([2, 3]);
  scratch.read(5, into);
  expect([...into]).toEqual([9, 0]);
  expect(() => scratch.read(70_002, into)).toThrowError(RangeError);
  expect(readdirSync(inner)).toEqual([]);
  scratch.close();
});
