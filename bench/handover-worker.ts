import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Config } from '../pipelines/config.ts';

/** A worker in a process of its own that can be stopped or killed, and the partitions that it holds. */
export class HandoverWorker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Partitions by group, as the worker’s log has them. */
  readonly #held = new Map<string, readonly number[]>();
  readonly #lines: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    if (child.stderr === null) throw new Error('no standard error');
    createInterface(child.stderr).on('line', (line) => this.#take(line));
  }

  /** Starts a worker with all stages and resolves when they run; which partitions they get is told later. */
  static async start(config: Config): Promise<HandoverWorker> {
    const child = fork(new URL('./handover.process.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const worker = new HandoverWorker(child);
    child.send(config);
    const gone = worker.#ended.then(() => {
      throw new Error(`a worker ended: ${worker.#lines.slice(-5).join('\n')}`);
    });
    gone.catch(() => undefined);
    await Promise.race([once(child, 'message'), gone]);
    return worker;
  }

  /** Partitions that it holds of a group’s topics. */
  held(group: string): readonly number[] {
    return this.#held.get(group) ?? [];
  }

  async stop(): Promise<void> {
    this.#child.send('stop');
    await this.#ended;
    this.#held.clear();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#held.clear();
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (!line.includes('"group joined"')) return;
    const { group, partitions } = JSON.parse(line) as { group: string; partitions: number[] };
    this.#held.set(group, partitions);
  }
}
