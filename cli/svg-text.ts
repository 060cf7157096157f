import { printable } from './terminal.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text safe within an SVG, as content and as an attribute: markup is written out, control characters go. */
export function svgText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

/** Writes a coordinate: two digits are more than a pixel has. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}
