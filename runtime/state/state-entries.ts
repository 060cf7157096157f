/** One entry of a kernel’s state; a null value removes it. */
export type StateEntry = readonly [key: Uint8Array, value: Uint8Array | null];

/** Reads the key of an entry that `numbered` or `single` made. */
export function parseStateKey(key: Uint8Array): { readonly name: string; readonly number: number } {
  const text = Buffer.from(key).toString();
  const slash = text.lastIndexOf('/');
  return { name: text.slice(0, slash), number: Number(text.slice(slash + 1)) };
}

/** Something small that is saved as a whole. */
export interface SavedWhole {
  /** Its state, unless that is what was saved last. */
  save(): Uint8Array | undefined;
}

/** The entries of numbered parts under one name. */
export function* numbered(
  name: string,
  parts: Iterable<readonly [number: number, bytes: Uint8Array | null]>,
): Generator<StateEntry> {
  for (const [number, bytes] of parts) yield [stateKey(name, number), bytes];
}

/** The entry of what is saved as a whole, if it changed. */
export function* single(name: string, whole: SavedWhole): Generator<StateEntry> {
  const bytes = whole.save();
  if (bytes !== undefined) yield [stateKey(name), bytes];
}

/** A name, and a number where there are several of the name. */
function stateKey(name: string, number = 0): Uint8Array {
  return Buffer.from(`${name}/${number}`);
}
