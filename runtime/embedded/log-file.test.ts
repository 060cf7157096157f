import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../errors.ts';
import { closeLogFile, openLogFile } from './log-file.ts';

describe('openLogFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigie-file-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const open = () => openLogFile({ folder, synchronous: 'full', maxBytes: 1e9 });

  it('works in WAL mode with the durability asked for, and leaves one file when it closes', () => {
    const database = open();
    const setting = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(setting('journal_mode')).toBe('wal');
    expect(setting('synchronous')).toBe(2);
    expect(setting('page_size')).toBe(8192);
    closeLogFile(database, folder);
    expect(readdirSync(folder)).toEqual(['log.db']);
    const relaxed = openLogFile({ folder, synchronous: 'normal', maxBytes: 1e9 });
    expect(Object.values(relaxed.prepare('PRAGMA synchronous').get() ?? {})).toEqual([1]);
    closeLogFile(relaxed, folder);
  });

  it('takes over a folder whose holder died without a word', () => {
    writeFileSync(join(folder, 'log.pid'), '999999\n');
    closeLogFile(open(), folder);
  });

  it('names the holder of a folder in use', () => {
    const database = open();
    expect(codeAndDetail(open)).toEqual([
      'LOG_IN_USE',
      `${join(folder, 'log.db')} is in use by this process (pid ${process.pid})`,
    ]);
    closeLogFile(database, folder);
  });

  it('refuses a file that is no log or of another layout, and does not touch it', () => {
    writeFileSync(
      join(folder, 'log.db'),
      'no database at all, but long enough to be looked at'.repeat(200),
    );
    expect(codeAndDetail(open)[0]).toBe('LOG_UNREADABLE');
    rmSync(join(folder, 'log.db'));
    const database = open();
    database.exec('PRAGMA user_version = 99');
    closeLogFile(database, folder);
    const [code, detail] = codeAndDetail(open);
    expect(code).toBe('LOG_UNREADABLE');
    expect(detail).toContain('layout 99');
  });
});

function codeAndDetail(act: () => unknown): [code: string, detail: string] {
  try {
    act();
  } catch (error) {
    if (error instanceof PipelineError) return [error.code, error.detail];
    throw error;
  }
  return ['none', ''];
}
