/** Marks pages by number, a bit each: a row is changed with every point of its series. */
export class PageMarks {
  #words = new Uint32Array(32);

  add(page: number): void {
    const word = page >>> 5;
    if (word >= this.#words.length) this.#grow(word);
    this.#words[word] = (this.#words[word] as number) | (1 << (page & 31));
  }

  delete(page: number): void {
    const word = page >>> 5;
    if (word < this.#words.length)
      this.#words[word] = (this.#words[word] as number) & ~(1 << (page & 31));
  }

  /** The pages marked by now, rising, whatever is marked meanwhile. */
  *marked(): Generator<number> {
    for (const [word, marks] of this.#words.slice().entries()) {
      for (let bits = marks; bits !== 0; bits &= bits - 1)
        yield word * 32 + 31 - Math.clz32(bits & -bits);
    }
  }

  #grow(word: number): void {
    const words = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)));
    words.set(this.#words);
    this.#words = words;
  }
}
