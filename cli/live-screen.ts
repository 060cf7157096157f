import type { LiveState } from './live-state.ts';
import { describeAnomaly, describeIncident, renderLiveLine, renderLiveView } from './live-view.ts';
import { paintFor, type Terminal, type TextSink } from './terminal.ts';

/** Where a run is shown while it goes on. */
export interface LiveScreen {
  draw(state: LiveState): void;
  /** Leaves what is shown in place, so that what follows stands below it. */
  close(): void;
}

const LINE_INTERVAL_MS = 10_000;

/**
 * Opens the live view on a terminal, which redraws itself in place; on anything else one line every ten seconds and
 * one for each new anomaly and incident.
 */
export function openLiveScreen(
  sink: TextSink,
  environment: Terminal['environment'],
  view: boolean,
): LiveScreen {
  return view ? new ScreenView(sink, environment) : new ScreenLines(sink);
}

class ScreenView implements LiveScreen {
  readonly #sink: TextSink;
  readonly #environment: Terminal['environment'];
  #lines = 0;

  constructor(sink: TextSink, environment: Terminal['environment']) {
    this.#sink = sink;
    this.#environment = environment;
    sink.write('\u001B[?25l');
  }

  draw(state: LiveState): void {
    const { columns = 80, rows = 24 } = this.#sink;
    const text = renderLiveView(state, {
      columns,
      rows,
      paint: paintFor(this.#sink, this.#environment),
    });
    const lines = text.split('\n');
    const up = this.#lines > 1 ? `\u001B[${this.#lines - 1}A` : '';
    // Each line is cleared to its end and what the last frame had below is removed: no flicker, no remains.
    this.#sink.write(`${up}\r${lines.map((line) => `${line}\u001B[K`).join('\n')}\u001B[J`);
    this.#lines = lines.length;
  }

  close(): void {
    this.#sink.write(`${this.#lines > 0 ? '\n' : ''}\u001B[?25h`);
  }
}

class ScreenLines implements LiveScreen {
  readonly #sink: TextSink;
  readonly #told = new Set<unknown>();
  #lineMs = Number.NEGATIVE_INFINITY;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  draw(state: LiveState): void {
    for (const each of state.anomalies.toReversed())
      this.#once(each.anomaly.id, () => `anomaly   ${describeAnomaly(each)}`);
    for (const each of state.incidents.toReversed())
      this.#once(each.incident.id, () => `incident  ${describeIncident(each)}`);
    if (state.elapsedMs - this.#lineMs < LINE_INTERVAL_MS) return;
    this.#lineMs = state.elapsedMs;
    this.#sink.write(`${renderLiveLine(state)}\n`);
  }

  close(): void {}

  #once(id: Uint8Array, line: () => string): void {
    const key = Buffer.from(id).toString('hex');
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#sink.write(`${line()}\n`);
  }
}
