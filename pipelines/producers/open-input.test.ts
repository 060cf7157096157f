import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInput } from './open-input.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-input-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function read(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of openInput(path)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe('openInput', () => {
  test('reads plain files, and packed ones by their name, of several members too', async () => {
    expect(await read(write('a.csv', Buffer.from('one')))).toBe('one');
    const members = Buffer.concat([gzipSync('one'), gzipSync('two')]);
    expect(await read(write('a.csv.gz', members))).toBe('onetwo');
  });

  test('says which file it could not read', async () => {
    const cut = gzipSync('x'.repeat(10_000)).subarray(0, 30);
    for (const path of [
      join(folder, 'absent.csv'),
      join(folder, 'absent.csv.gz'),
      write('cut.gz', cut),
      write('plain.gz', Buffer.from('one')),
    ]) {
      await expect(read(path)).rejects.toMatchObject({
        code: 'INPUT_UNREADABLE',
        detail: expect.stringContaining(path),
      });
    }
  });

  test('closes the file when the reader stops early', async () => {
    const path = write('long.csv', Buffer.alloc(2_000_000, 'x'));
    for await (const piece of openInput(path)) {
      expect(piece.length).toBeLessThan(2_000_000);
      break;
    }
  });
});
