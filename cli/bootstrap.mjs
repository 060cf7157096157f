#!/usr/bin/env node
// Plain JavaScript for Node 20 and up: it runs before anything is installed. Installs what is missing, then hands over
// to the Node 24 that came with the packages. `bootstrap.mjs start …` is `vigie start …`; `bootstrap.mjs test …` is vitest;
// `bootstrap.mjs install` only installs, `bootstrap.mjs bench …` measures, with a worker's process as it is otherwise.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.vigie-installed');

/**
 * How the process of a worker begins; the image (deploy/docker/Dockerfile) has the same. Young generations of all threads
 * are kept small: what is garbage in one holds buffers until it is full. Buffers from 1 MiB on are taken from the system and
 * given back at once: left to itself malloc keeps ever larger ones, and between them what was freed. Other libraries of C know
 * no such names.
 */
const workerFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];
const workerMemory = { MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '8388608' };

/** Installs the locked packages unless this very lockfile was installed already. */
function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('vigie: installing packages (first start) …\n');
  // Not `npm ci`: it refuses a lockfile from which another platform's optional binaries are absent.
  const npm = process.env.npm_execpath;
  // With the Node that npm runs on: under the packaged one npm would look for its global settings in another place.
  const node = process.env.npm_node_execpath ?? process.execPath;
  const [command, args] = npm ? [node, [npm]] : ['npm', []];
  const done = spawnSync(command, [...args, 'install', '--no-save', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) {
    process.stderr.write('vigie: npm install failed; see the lines above\n');
    process.exit(done.status ?? 1);
  }
  writeFileSync(stamp, lock);
}

/** The Node that runs Vigie: the packaged one, else this one if it is new enough. */
function runtimeNode() {
  const packaged = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(packaged)) return packaged;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 6)) return process.execPath;
  process.stderr.write(
    `vigie: needs Node 24.6 or newer and this is ${process.versions.node}; no packaged Node for ` +
      `${process.platform}-${process.arch}: install Node 24 and try again\n`,
  );
  process.exit(1);
}

function handOver(node, args, more = {}) {
  const env = { ...more, ...process.env, PATH: bin + delimiter + (process.env.PATH ?? '') };
  const child = spawn(node, args, { stdio: 'inherit', env, cwd: process.cwd() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));
}

const [what = '', ...rest] = process.argv.slice(2);
install();
if (what === 'install') process.exit(0);
const node = runtimeNode();
if (what === 'test') handOver(node, [join(root, 'test', 'run-tests.ts'), ...rest]);
else if (what === 'bench')
  handOver(node, [...workerFlags, join(root, 'bench', 'run.ts'), ...rest], workerMemory);
else handOver(node, [...workerFlags, join(root, 'cli', 'main.ts'), what, ...rest], workerMemory);
