/** Writes one entry of a kernel’s state; null removes it. */
export type WriteState = (key: Uint8Array, value: Uint8Array | null) => void;

/** Makes the key of a state entry: a name, and a number where there are several of the name. */
export function stateKey(name: string, number = 0): Uint8Array {
  return Buffer.from(`${name}/${number}`);
}

/** Reads a key that `stateKey` made. */
export function parseStateKey(key: Uint8Array): { readonly name: string; readonly number: number } {
  const text = Buffer.from(key).toString();
  const slash = text.lastIndexOf('/');
  return { name: text.slice(0, slash), number: Number(text.slice(slash + 1)) };
}
