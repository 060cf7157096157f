import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { StageFigures } from '../../pipelines/stage-stats.ts';
import type { SoakSent } from './soak-load.ts';
import type { SoakSample } from './soak-verdict.ts';

/** What the worker of a soak is told. `series` 0: somebody else writes the load. */
export type SoakOrder =
  | { readonly kind: 'run'; readonly settings: readonly string[]; readonly series: number }
  | { readonly kind: 'endLoad' }
  | { readonly kind: 'finish' };

/** What the worker of a soak tells. */
export type SoakMessage =
  | { readonly kind: 'running' }
  | ({ readonly kind: 'sample' } & SoakSample)
  | { readonly kind: 'sent'; readonly sent: SoakSent }
  | { readonly kind: 'finished'; readonly figures: readonly StageFigures[] };

/**
 * V8 sizes its young generation by what it sees, in steps of tens of MiB: with one size from the start, memory that grows
 * is memory that is held.
 */
const FIXED_YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** A worker process under watch. */
export class SoakWorker {
  readonly samples: SoakSample[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Map<SoakMessage['kind'], (message: SoakMessage) => void>();
  readonly #ended: Promise<never>;

  private constructor(settings: readonly string[], series: number) {
    const module = new URL('./soak-worker.process.ts', import.meta.url);
    this.#child = fork(module, { execArgv: FIXED_YOUNG_GENERATION });
    this.#child.on('message', (message) => this.#take(message as SoakMessage));
    this.#ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the worker ended by itself, with ${code}`);
    });
    this.#ended.catch(() => undefined);
    this.#order({ kind: 'run', settings, series });
  }

  /** Starts a worker and resolves when its stages run. @param series of a load that it writes itself; 0 for none. */
  static async start(settings: readonly string[], series: number): Promise<SoakWorker> {
    const worker = new SoakWorker(settings, series);
    await worker.#next('running');
    return worker;
  }

  /** Resolves after so long; rejects when the worker ends before. */
  async watch(ms: number): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, ms);
    try {
      await Promise.race([timer.promise, this.#ended]);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Ends the load that the worker writes itself. */
  async endLoad(): Promise<SoakSent> {
    const sent = this.#next('sent');
    this.#order({ kind: 'endLoad' });
    return (await sent).sent;
  }

  /** Lets the worker work off what there is and end; returns its last figures. */
  async finish(): Promise<readonly StageFigures[]> {
    const finished = this.#next('finished');
    this.#order({ kind: 'finish' });
    return (await finished).figures;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #order(order: SoakOrder): void {
    this.#child.send(order);
  }

  #next<K extends SoakMessage['kind']>(kind: K): Promise<SoakMessage & { readonly kind: K }> {
    const told = new Promise<SoakMessage>((resolve) => this.#waiting.set(kind, resolve));
    return Promise.race([told, this.#ended]) as Promise<SoakMessage & { readonly kind: K }>;
  }

  #take(message: SoakMessage): void {
    if (message.kind === 'sample') {
      const { rssBytes, handles, figures } = message;
      this.samples.push({ rssBytes, handles, figures });
    } else this.#waiting.get(message.kind)?.(message);
  }
}
