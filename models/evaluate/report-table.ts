import type { Interval } from './intervals.ts';

/** Writes a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** A figure with so many digits; a dash where there is none. */
export function figure(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}

/** A figure with its interval. */
export function ranged(value: number, [lower, upper]: Interval, digits = 2): string {
  if (!Number.isFinite(value)) return '–';
  return `${figure(value, digits)} (${figure(lower, digits)}–${figure(upper, digits)})`;
}

/**
 * Puts `body` between the comments `<!-- begin: name -->` and `<!-- end: name -->` of a document.
 *
 * @throws Error when the document has no such place.
 */
export function replaceBlock(document: string, name: string, body: string): string {
  const begin = `<!-- begin: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no place for "${name}"`);
  return `${document.slice(0, from + begin.length)}\n${body}\n${document.slice(to)}`;
}
