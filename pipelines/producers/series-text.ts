/** A series written as text: `name{label="value",…}`. */
export interface SeriesText {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reads `name` or `name{a="b",c="d"}`; undefined if the braces hold something else. */
export function parseSeriesText(text: string): SeriesText | undefined {
  const open = text.indexOf('{');
  if (open < 0) return { name: text, labels: {} };
  const labels = parseLabels(text.slice(open));
  return labels === undefined ? undefined : { name: text.slice(0, open).trim(), labels };
}

const PAIR = /\s*([^\s=,;{}"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,;"]*))\s*(?:[,;]|$)/y;

/**
 * Reads labels as `a=b,c=d`, `a=b;c=d` or Prometheus' `{a="b",c="d"}` (with `\"`, `\\` and `\n`); empty text is no label.
 * Returns undefined for anything else, and for a name that stands twice.
 */
export function parseLabels(text: string): Readonly<Record<string, string>> | undefined {
  const trimmed = text.trim();
  const inner =
    trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1).trim() : trimmed;
  const labels = new Map<string, string>();
  PAIR.lastIndex = 0;
  for (let at = 0; at < inner.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(inner);
    if (match?.[1] === undefined || labels.has(match[1])) return undefined;
    labels.set(match[1], match[2] === undefined ? (match[3] ?? '').trim() : undoEscapes(match[2]));
  }
  // Own properties even for a label called __proto__.
  return Object.fromEntries(labels);
}

function undoEscapes(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}
