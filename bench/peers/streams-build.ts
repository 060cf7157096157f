import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serversHome } from '../../test/servers/installation.ts';

const run = promisify(execFile);
const source = fileURLToPath(new URL('streams', import.meta.url));
const BUILD_LIMIT_MS = 600_000;

/** Builds the jars of the Java peer by Maven into a folder named after their sources, once per version of them, and returns it. */
export async function builtPeer(): Promise<string> {
  const files = (await readdir(source, { recursive: true })).filter((name) =>
    /\.(java|xml)$/.test(name),
  );
  const hash = createHash('sha256');
  for (const name of files.sort()) hash.update(name).update(await readFile(join(source, name)));
  const final = join(serversHome(), `streams-peer-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(final)) return final;
  await mkdir(dirname(final), { recursive: true });
  const work = await mkdtemp(`${final}.part-`);
  await cp(source, work, { recursive: true });
  const jars = join(work, 'jars');
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  const args = ['-B', '-q', '-f', join(work, 'pom.xml'), 'package', ...copy];
  await run('mvn', [...args, '-DincludeScope=runtime'], { timeout: BUILD_LIMIT_MS });
  await cp(join(work, 'target', 'streams-peer-1.jar'), join(jars, 'streams-peer.jar'));
  await rename(jars, final);
  await rm(work, { recursive: true });
  return final;
}
