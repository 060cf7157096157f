const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * Draws values as a line of bars, oldest first; the lowest is `▁`, the highest `█`.
 *
 * Shows the last `width` values; NaN leaves a gap, a flat line is drawn low.
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const finite = shown.filter(Number.isFinite);
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  return shown.map((value) => bar(value, low, span)).join('');
}

function bar(value: number, low: number, span: number): string {
  if (!Number.isFinite(value)) return ' ';
  if (!(span > 0)) return BARS[0];
  return BARS[Math.min(BARS.length - 1, Math.floor(((value - low) / span) * BARS.length))] ?? ' ';
}
