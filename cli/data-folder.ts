import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { CommandFailure, exitCode } from './exit-code.ts';

/** Files that the embedded topic log makes. */
const LOG_FILES = ['log.db', 'log.db-wal', 'log.db-shm', 'log.db-journal', 'log.pid'];
const SQLITE_MAGIC = 'SQLite format 3\0';

/**
 * Removes a topic log and its folder, after making sure that it is one and that nobody uses it.
 *
 * @param receiverFiles names of further files that are ours: what receivers wrote.
 * Returns false when there was nothing. Removes nothing at all in the cases it refuses.
 *
 * @throws CommandFailure (exit 2) when the folder holds anything that is not ours, or a running process has it.
 */
export function removeDataFolder(folder: string, receiverFiles: readonly string[] = []): boolean {
  const ours = [...LOG_FILES, ...receiverFiles];
  if (!existsSync(folder)) return false;
  const entries = readdirSync(folder, { withFileTypes: true });
  const foreign = entries.find((entry) => !entry.isFile() || !ours.includes(entry.name));
  if (foreign !== undefined) {
    const what = `${folder} is not removed: it holds ${foreign.name}, which is not a file of vigie`;
    throw new CommandFailure(
      what,
      exitCode.usage,
      'Remove it yourself, or name another folder by transport.embedded.dir.',
    );
  }
  const log = path.join(folder, 'log.db');
  if (existsSync(log) && !isSqlite(log)) {
    throw new CommandFailure(`${folder} is not removed: log.db is not a topic log`, exitCode.usage);
  }
  const holder = runningHolder(folder);
  if (holder !== undefined) {
    const what = `${folder} is not removed: process ${holder} is using it`;
    throw new CommandFailure(what, exitCode.usage, 'Stop that process first.');
  }
  for (const { name } of entries) rmSync(path.join(folder, name));
  rmdirSync(folder);
  return true;
}

function isSqlite(file: string): boolean {
  const head = Buffer.alloc(SQLITE_MAGIC.length);
  const descriptor = openSync(file, 'r');
  try {
    const read = readSync(descriptor, head, 0, head.length, 0);
    return read === 0 || head.toString('latin1') === SQLITE_MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

/** The process named in `log.pid`, if it is alive; a file left behind by a crash names nobody. */
function runningHolder(folder: string): number | undefined {
  const file = path.join(folder, 'log.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
