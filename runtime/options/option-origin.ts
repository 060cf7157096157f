/** Steps from the root of the options to a value: keys and list positions. */
export type OptionPath = readonly (string | number)[];

/** Where an option’s value came from. Lines and columns count from 1. */
export type OptionOrigin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'argument'; readonly text: string };

/** The place of a key and of its value; the same where only one of them can be pointed at. */
export interface OptionPlace {
  readonly key: OptionOrigin;
  readonly value: OptionOrigin;
}

/** One fault of the options: where it stands, which option, and what is wrong in one sentence. */
export interface OptionFault {
  readonly origin: OptionOrigin;
  readonly path: string;
  readonly message: string;
}

/** Writes a path as people do: `catalog.tenants[0].name`. */
export function formatOptionPath(path: OptionPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Writes an origin the way editors and terminals link it: `vigie.yaml:4:16`, `$ML_ANOMALY_THRESHOLD`, `--set`. */
export function formatOptionOrigin(origin: OptionOrigin): string {
  if (origin.kind === 'file') return `${origin.file}:${origin.line}:${origin.column}`;
  return origin.kind === 'environment' ? `$${origin.name}` : origin.text;
}

/** Writes a fault as one line: `vigie.yaml:4:16 detect.hop: expected a number, received "abc"`. */
export function formatOptionFault(fault: OptionFault): string {
  const path = fault.path === '' ? '' : ` ${fault.path}`;
  return `${formatOptionOrigin(fault.origin)}${path}: ${fault.message}`;
}

/** Orders faults by their place in the file; those of the environment and the command line come last. */
export function compareOptionFaults(a: OptionFault, b: OptionFault): number {
  return rank(a) - rank(b) || (a.path < b.path ? -1 : 1);
}

function rank({ origin }: OptionFault): number {
  return origin.kind === 'file' ? origin.line * 10_000 + origin.column : Number.MAX_SAFE_INTEGER;
}
