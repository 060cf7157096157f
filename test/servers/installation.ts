import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pom = fileURLToPath(new URL('pom.xml', import.meta.url));
const loggingFile = fileURLToPath(new URL('log4j2.properties', import.meta.url));
const kafkaFolder = 'kafka-4.4.0';
const registryVersion = '3.0.9';
const registryArtifact = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`;
const mavenLimitMs = 600_000;

/** The cache folder of the servers: `VIGIE_SERVERS_HOME`, else a folder in the user’s cache. */
export function serversHome(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return env.VIGIE_SERVERS_HOME ?? join(cache, 'vigie-servers');
}

/**
 * Downloads the broker’s jars by Maven unless they are there.
 *
 * @returns the `java` arguments that precede the main class. The class path is explicit and sorted, because a class
 *   archive is only taken with the very path it was made by.
 */
export async function installKafka(): Promise<readonly string[]> {
  const folder = await installOnce(kafkaFolder, async (target) => {
    await maven([
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${target}`,
      '-DincludeScope=runtime',
    ]);
  });
  const jars = (await readdir(folder)).filter((name) => name.endsWith('.jar')).sort();
  const classPath = jars.map((jar) => join(folder, jar)).join(':');
  return ['-cp', classPath, `-Dlog4j2.configurationFile=${loggingFile}`];
}

/** Where the broker’s class archive (AppCDS) lies or is to be made; it halves the CPU time of a start. */
export function kafkaClassArchive(): string {
  return join(serversHome(), 'kafka-4.4.0.jsa');
}

/** Downloads and unpacks the schema registry unless it is there, and returns its folder. */
export async function installRegistry(): Promise<string> {
  return await installOnce(`apicurio-${registryVersion}`, async (target) => {
    await maven([
      'dependency:copy',
      `-Dartifact=${registryArtifact}`,
      `-DoutputDirectory=${target}`,
    ]);
    const archive = join(target, `apicurio-registry-app-${registryVersion}-all.tar.gz`);
    await run('tar', ['xzf', archive, '-C', target]);
    await rm(archive);
  });
}

/** The registry’s runnable jar inside its folder. */
export function registryJar(folder: string): string {
  return join(folder, `apicurio-registry-app-${registryVersion}-runner.jar`);
}

/** Fills a folder beside its final place and renames it there, so that several processes may install at once. */
export async function installOnce(
  name: string,
  fill: (target: string) => Promise<void>,
): Promise<string> {
  const final = join(serversHome(), name);
  if (existsSync(final)) return final;
  await mkdir(dirname(final), { recursive: true });
  const target = await mkdtemp(`${final}.part-`);
  try {
    await fill(target);
    await rename(target, final);
  } catch (error) {
    if (!existsSync(final)) throw error;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
  return final;
}

async function maven(args: readonly string[]): Promise<void> {
  await run('mvn', ['-B', '-q', ...args], { timeout: mavenLimitMs });
}
