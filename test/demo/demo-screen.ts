import { topology } from '../../pipelines/topology.ts';
import type { WorkerView } from './demo-worker.ts';

const NAME_WIDTH = 10;
const CELL_WIDTH = 10;

/** Tells what happens in a demo: steps as they are done, and tables of what each worker holds. */
export class DemoScreen {
  readonly #out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly #startMs = performance.now();

  constructor(out: NodeJS.WritableStream & { readonly isTTY?: boolean }) {
    this.#out = out;
  }

  /** Says what is done now. */
  step(text: string): void {
    this.#out.write(`\n${this.#bold(`${this.#gone()}  ${text}`)}\n`);
  }

  say(text: string): void {
    this.#out.write(`         ${text}\n`);
  }

  /** Shows what each worker holds: partitions by stage, lag, and points scored so far. */
  workers(views: readonly WorkerView[]): void {
    const head = [...topology.map(({ name }) => name), 'lag', 'scored'];
    const rows = views.map(({ name, state, partitions, restoring, lagRecords, scoredPoints }) => {
      const cells = [...partitions, lagRecords, scoredPoints].map(String);
      const note = restoring > 0 ? `restores ${restoring}` : '';
      return state === 'running' ? line(name, cells, note) : line(name, [], state);
    });
    this.#out.write(`${line(this.#gone(), head, '')}\n${rows.join('\n')}\n`);
  }

  #gone(): string {
    return `${((performance.now() - this.#startMs) / 1000).toFixed(1)} s`.padStart(7);
  }

  #bold(text: string): string {
    return this.#out.isTTY === true ? `\u001B[1m${text}\u001B[0m` : text;
  }
}

function line(name: string, cells: readonly string[], note: string): string {
  const padded = cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');
  return `${name.padEnd(NAME_WIDTH)}${padded}${note === '' ? '' : `  ${note}`}`;
}
