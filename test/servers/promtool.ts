import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce } from './installation.ts';

const run = promisify(execFile);
const aptLimitMs = 300_000;

/**
 * Finds promtool: the one in the path, else the one of Debian’s package, which is unpacked into the cache of the servers
 * and not installed.
 *
 * @throws Error with apt’s words where there is neither.
 */
export async function findPromtool(): Promise<string> {
  try {
    await run('promtool', ['--version']);
    return 'promtool';
  } catch {
    return join(await installOnce('promtool', unpackPackage), 'usr', 'bin', 'promtool');
  }
}

async function unpackPackage(target: string): Promise<void> {
  const download = async (): Promise<unknown> =>
    await run('apt-get', ['download', 'prometheus'], { cwd: target, timeout: aptLimitMs });
  try {
    await download();
  } catch {
    // A new machine has no list of packages.
    await run('apt-get', ['update'], { timeout: aptLimitMs });
    await download();
  }
  await run('sh', ['-c', 'dpkg-deb --extract prometheus_*.deb . && rm prometheus_*.deb'], {
    cwd: target,
  });
  await rm(join(target, 'usr', 'bin', 'prometheus'), { force: true });
}
