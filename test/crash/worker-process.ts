import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StageFigures } from '../../pipelines/stage-stats.ts';
import { eventually } from '../integration/transport-load.ts';

const fixture = fileURLToPath(new URL('./crash-worker.fixture.ts', import.meta.url));
const COLD = 'series{state="cold"}';

/** A worker in a process of its own: what it has done, and how it ends. */
export class WorkerProcess {
  /** Lines of the fail points that it ended at. */
  readonly hits: string[] = [];
  /** Lines of its log, and whatever else stood on standard error. */
  readonly log: string[] = [];
  /** Most series that detect held as cold at any time. */
  mostCold = 0;
  #figures: readonly StageFigures[] = [];
  #ready = false;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param failPoint where it is to end by itself, as `VIGIE_FAIL_POINT` has it. */
  constructor(settings: readonly string[], failPoint?: string) {
    const env = failPoint === undefined ? {} : { VIGIE_FAIL_POINT: failPoint };
    this.#child = spawn(process.execPath, [fixture, ...settings], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close');
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null)
      throw new Error('no standard streams');
    // It may be gone while an order is on its way.
    stdin.on('error', () => undefined);
    createInterface(stdout).on('line', (line) => this.#take(line));
    createInterface(stderr).on('line', (line) => {
      this.log.push(line);
      if (line.startsWith('fail point')) this.hits.push(line);
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error with its last lines when it ended by itself, which no scenario asks of it. */
  checkHealth(): void {
    const { exitCode } = this.#child;
    if (exitCode === null || exitCode === 0) return;
    throw new Error(`a worker ended with ${exitCode}: ${this.log.slice(-8).join('\n')}`);
  }

  /** A counter or gauge of a stage as last told. */
  figure(stage: string, name: string): number {
    const figures = this.#figures.find((each) => each.name === stage);
    return figures?.counters[name] ?? figures?.gauges[name] ?? 0;
  }

  /** All counters of a stage that begin with the given text, added up. */
  sum(stage: string, prefix: string): number {
    const counters = this.#figures.find((each) => each.name === stage)?.counters ?? {};
    const names = Object.keys(counters).filter((name) => name.startsWith(prefix));
    return names.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
  }

  async ready(): Promise<void> {
    await eventually('a worker is ready', () => this.#ready || this.hasEnded, 90_000);
    this.checkHealth();
  }

  /** Whether it has scored points of its own share. */
  get isAtWork(): boolean {
    return this.figure('detect', 'points_out_total') > 0;
  }

  /** Resolves when it is at work, or has ended. */
  async atWork(): Promise<void> {
    await eventually('a worker scores', () => this.isAtWork || this.hasEnded, 90_000);
    this.checkHealth();
  }

  /** Resolves when its process is gone. */
  async ended(limitMs = 90_000): Promise<void> {
    await eventually('a worker ends', () => this.hasEnded, limitMs);
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to finish. @throws Error with its last lines when it ends badly. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended();
    if (this.#child.exitCode === 0) return;
    throw new Error(
      `a worker ended with ${this.#child.exitCode}: ${this.log.slice(-5).join('\n')}`,
    );
  }

  /** Halts the process as it stands; it goes on with `wake`. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  /** Has it stop fetching a partition, in every stage, until `resume`. */
  pause(partition: number): void {
    this.#child.stdin?.write(`pause ${partition}\n`);
  }

  resume(partition: number): void {
    this.#child.stdin?.write(`resume ${partition}\n`);
  }

  #take(line: string): void {
    if (line === 'ready') {
      this.#ready = true;
    } else {
      this.#figures = JSON.parse(line) as StageFigures[];
      this.mostCold = Math.max(this.mostCold, this.figure('detect', COLD));
    }
  }
}
