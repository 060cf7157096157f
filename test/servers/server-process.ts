import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const guardScript = fileURLToPath(new URL('guard.sh', import.meta.url));
const startLimitMs = 120_000;
const stopLimitMs = 30_000;

/** How a server is started: its folder (log and pid go there), command, environment and what "ready" means. */
export interface ServerCommand {
  readonly name: string;
  readonly folder: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: () => Promise<boolean>;
}

/** The environment of servers beside a worker: ours, without what is set for the worker’s own memory. */
export function environmentOfServers(): NodeJS.ProcessEnv {
  const { MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_, ...environment } = process.env;
  return environment;
}

/** A server process under guard: it ends with us, whatever happens to us. */
export class ServerProcess {
  readonly #guard: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly pid: number;

  private constructor(guard: ChildProcess, exited: Promise<unknown>, pid: number) {
    this.#guard = guard;
    this.#exited = exited;
    this.pid = pid;
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @throws Error with the end of the server’s log when it exits or is not ready within two minutes.
   */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    const pidFile = join(server.folder, 'pid');
    const logFile = join(server.folder, 'server.log');
    await rm(pidFile, { force: true });
    const log = createWriteStream(logFile, { flags: 'a' });
    await once(log, 'open');
    const guard = spawn('sh', [guardScript, pidFile, ...server.command], {
      cwd: server.folder,
      env: { ...environmentOfServers(), ...server.env },
      stdio: ['pipe', log, log],
    });
    log.close();
    const exited = once(guard, 'exit');
    const limit = performance.now() + startLimitMs;
    while (guard.exitCode === null && performance.now() < limit) {
      if (await server.ready().catch(() => false)) {
        const pid = Number(await readFile(pidFile, 'utf8'));
        return new ServerProcess(guard, exited, pid);
      }
      await delay(50);
    }
    guard.stdin?.destroy();
    const tail = (await readFile(logFile, 'utf8')).split('\n').slice(-15).join('\n');
    throw new Error(`${server.name} did not become ready; the end of ${logFile}:\n${tail}`);
  }

  /** Asks the server to stop, and kills it when it has not within 30 s. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Kills the server as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#guard.exitCode !== null) return;
    signalIfAlive(this.pid, signal);
    const timer = setTimeout(() => signalIfAlive(this.pid, 'SIGKILL'), stopLimitMs);
    await this.#exited;
    clearTimeout(timer);
    this.#guard.stdin?.destroy();
  }
}

/** Finds `count` free loopback ports; they are distinct, and free at the time of the call. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    ports.push(address.port);
  }
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  );
  return ports;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
