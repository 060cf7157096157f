import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { topology } from '../../pipelines/topology.ts';
import { parseScrape, sumSamples } from '../support/scrape.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const LAST_LINES = 10;

/** What a worker says of itself on `/metrics`. */
export interface WorkerView {
  readonly name: string;
  /** `running`, `starting`, or how it ended. */
  readonly state: string;
  /** Partitions that run, by stage in the order of the graph. */
  readonly partitions: readonly number[];
  /** Partitions whose state is being restored. */
  readonly restoring: number;
  readonly lagRecords: number;
  readonly scoredPoints: number;
}

/** `vigie run` as a process of its own, watched through its metrics as Prometheus would. */
export class DemoWorker {
  readonly name: string;
  readonly #port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #log: string[] = [];

  /** Starts a worker; it serves its metrics on a loopback port. */
  constructor(name: string, port: number, settings: readonly string[]) {
    this.name = name;
    this.#port = port;
    const own = ['observability.listener.enabled=true', `observability.listener.port=${port}`];
    const args = [...settings, ...own].flatMap((setting) => ['--set', setting]);
    this.#child = spawn(process.execPath, [MAIN, 'run', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#log.push(...chunk.toString().trimEnd().split('\n'));
      this.#log.splice(0, this.#log.length - LAST_LINES);
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get isRunning(): boolean {
    return !this.hasEnded;
  }

  /** With what it ended by itself; undefined while it runs, or when it was killed. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined;
  }

  /** Last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Looks at it now. */
  async view(): Promise<WorkerView> {
    const { name } = this;
    const nothing = {
      partitions: topology.map(() => 0),
      restoring: 0,
      lagRecords: 0,
      scoredPoints: 0,
    };
    if (this.hasEnded) return { ...nothing, name, state: this.#child.signalCode ?? 'ended' };
    const text = await this.#scrape();
    if (text === undefined) return { ...nothing, name, state: 'starting' };
    const scrape = parseScrape(text);
    const metric = 'monitoring_partitions';
    return {
      name,
      state: 'running',
      partitions: topology.map((stage) =>
        sumSamples(scrape, metric, `stage="${stage.name}"`, 'state="running"'),
      ),
      restoring: sumSamples(scrape, metric, 'state="restoring"'),
      lagRecords: sumSamples(scrape, 'monitoring_lag_records'),
      scoredPoints: sumSamples(scrape, 'monitoring_points_out_total', 'stage="detect"'),
    };
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to finish and waits. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  async #scrape(): Promise<string | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/metrics`, {
        signal: AbortSignal.timeout(1000),
      });
      return answer.ok ? await answer.text() : undefined;
    } catch {
      return undefined;
    }
  }
}
