import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeDataFolder } from './data-folder.ts';

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'vigie-reset-'));
  folder = path.join(parent, '.vigie');
  mkdirSync(folder);
});

afterEach(() => {
  rmSync(parent, { recursive: true });
});

function put(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

describe('removeDataFolder', () => {
  it('removes a log of ours', () => {
    put('log.db', 'SQLite format 3\0 and so on');
    put('log.db-wal', '');
    expect(removeDataFolder(folder)).toBe(true);
    expect(existsSync(folder)).toBe(false);
    expect(removeDataFolder(folder)).toBe(false);
  });

  it('removes nothing when anything else is there', () => {
    put('log.db', 'SQLite format 3\0');
    put('thesis.tex', 'years of work');
    expect(() => removeDataFolder(folder)).toThrow(
      'holds thesis.tex, which is not a file of vigie',
    );
    expect(existsSync(path.join(folder, 'log.db'))).toBe(true);
  });

  it('removes what a receiver wrote there, if it is named', () => {
    put('incidents.ndjson', '{}');
    expect(() => removeDataFolder(folder)).toThrow('holds incidents.ndjson');
    expect(removeDataFolder(folder, ['incidents.ndjson'])).toBe(true);
  });

  it('does not follow into folders, or take another file for the log', () => {
    mkdirSync(path.join(folder, 'log.db'));
    expect(() => removeDataFolder(folder)).toThrow('holds log.db');
    rmSync(path.join(folder, 'log.db'), { recursive: true });
    put('log.db', 'my diary');
    expect(() => removeDataFolder(folder)).toThrow('log.db is not a topic log');
  });

  it('leaves a log that a process has', () => {
    put('log.db', 'SQLite format 3\0');
    put('log.pid', `${process.pid}\n`);
    expect(() => removeDataFolder(folder)).toThrow(`process ${process.pid} is using it`);
    put('log.pid', '4194304\n');
    expect(removeDataFolder(folder)).toBe(true);
  });
});
