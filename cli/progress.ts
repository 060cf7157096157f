import type { Terminal } from './terminal.ts';

/** A line of progress on standard error that rewrites itself. */
export interface Progress {
  /** Shows a text in place of the last one; cheap to call often, redrawn at most ten times a second. */
  show(text: string): void;
  /** Removes the line, so that what follows starts on a clean one. */
  clear(): void;
}

const REDRAW_MS = 100;

/** Opens a line of progress; where standard error is no terminal it stays silent. */
export function openProgress({ err }: Pick<Terminal, 'err'>, now: () => number): Progress {
  if (err.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show(text) {
      if (now() - drawnMs < REDRAW_MS) return;
      drawnMs = now();
      drawn = true;
      err.write(`\r\u001B[2K${text.slice(0, (err.columns ?? 80) - 1)}`);
    },
    clear() {
      if (drawn) err.write('\r\u001B[2K');
      drawn = false;
    },
  };
}
