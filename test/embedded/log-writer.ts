import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a writing process has said. */
export interface Told {
  open?: number;
  ingest?: number;
  stage?: number;
  refused?: string;
}

/** A `log-writer.fixture.ts` process and what was acknowledged to it, the newest of each kind. */
export class LogWriter {
  readonly child: ChildProcess;
  readonly told: Told = {};
  lines = 0;
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<unknown>;
  #exited = false;

  /** `limitBlocks`: size of any file it may write, in 512-byte blocks; lifted with `prlimit`. */
  constructor(folder: string, limitBlocks?: number) {
    const script = new URL('./log-writer.fixture.ts', import.meta.url).pathname;
    // The shell hands the ignored signal on, so that the limit is an error of the write and not the process’s death.
    const shell = `trap '' XFSZ; ulimit -S -f ${limitBlocks ?? 'unlimited'}; exec "$@"`;
    this.child = spawn('sh', ['-c', shell, 'sh', process.execPath, script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error('the writer has no standard output');
    const lines = createInterface(stdout);
    lines.on('line', (line) => this.#take(line));
    this.#ended = once(lines, 'close').then(() => {
      this.#exited = true;
      this.#check();
    });
  }

  /** Resolves once the condition holds. */
  until(condition: (told: Told, lines: number) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (condition(this.told, this.lines)) resolve();
        else if (this.#exited) reject(new Error(`the writer ended after ${this.lines} lines`));
        else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Kills it where it stands and waits for all that it had said. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  #take(line: string): void {
    Object.assign(this.told, JSON.parse(line));
    this.lines += 1;
    this.#check();
  }

  #check(): void {
    for (const check of [...this.#waiting]) check();
  }
}
