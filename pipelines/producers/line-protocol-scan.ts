/** One line of line protocol, escapes undone; places count from 0. */
export interface ScannedLine {
  readonly kind: 'line';
  readonly measurement: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: readonly ScannedField[];
  /** Digits as written, or empty. */
  readonly timestamp: string;
  readonly timestampAt: number;
}

/** A field with its value as written; a quoted text is `text` and has lost its quotes. */
export interface ScannedField {
  readonly key: string;
  readonly value: string;
  readonly text: boolean;
  readonly at: number;
}

/** What a text is: a line, unfinished inside a quoted field value, or wrong at a place. */
export type LineScan =
  | ScannedLine
  | { readonly kind: 'open' }
  | { readonly kind: 'fault'; readonly at: number; readonly reason: string };

/** Cuts a line `measurement[,tag=value…] field=value[,field=value…] [timestamp]` by InfluxDB's rules of escaping. */
export function scanLineProtocol(text: string): LineScan {
  return new LineScanner(text).scan();
}

/** Thrown and caught in this file only. */
class ScanStop {
  readonly at: number | undefined;
  readonly reason: string;

  constructor(at: number | undefined, reason: string) {
    this.at = at;
    this.reason = reason;
  }
}

class LineScanner {
  readonly #text: string;
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.length - text.trimStart().length;
  }

  scan(): LineScan {
    try {
      return this.#line();
    } catch (stop) {
      if (!(stop instanceof ScanStop)) throw stop;
      return stop.at === undefined
        ? { kind: 'open' }
        : { kind: 'fault', at: stop.at, reason: stop.reason };
    }
  }

  #line(): ScannedLine {
    const measurement = this.#word(', ');
    if (measurement === '') this.#stop('the measurement is missing');
    const tags = this.#tags();
    this.#spaces('a field is missing');
    const fields = this.#fields();
    if (!this.#atEnd()) this.#spaces('');
    const timestampAt = this.#at;
    const timestamp = this.#text.slice(this.#at).trimEnd();
    if (timestamp !== '' && !/^-?\d{1,19}$/.test(timestamp))
      this.#stop('the timestamp is not a whole number');
    return { kind: 'line', measurement, tags, fields, timestamp, timestampAt };
  }

  #tags(): (readonly [string, string])[] {
    const tags = new Map<string, string>();
    while (this.#take(',')) {
      const at = this.#at;
      const key = this.#word(',= ');
      if (key === '') this.#stop('the name of a tag is missing');
      if (!this.#take('=')) this.#stop('the tag has no value');
      const value = this.#word(',= ');
      if (value === '') this.#stop('the tag has no value');
      if (this.#text[this.#at] === '=') this.#stop('an = in a tag value must be escaped');
      if (tags.has(key)) this.#stop(`the tag ${JSON.stringify(key)} stands twice`, at);
      tags.set(key, value);
    }
    return [...tags];
  }

  #fields(): ScannedField[] {
    const fields: ScannedField[] = [];
    do {
      const at = this.#at;
      const key = this.#word(',= ');
      if (key === '') this.#stop('the name of a field is missing');
      if (!this.#take('=')) this.#stop(`the field ${JSON.stringify(key)} has no value`);
      const text = this.#text[this.#at] === '"';
      const value = text ? this.#quoted() : this.#plain();
      if (value === '' && !text) this.#stop(`the field ${JSON.stringify(key)} has no value`);
      fields.push({ key, value, text, at });
    } while (this.#take(','));
    return fields;
  }

  /** Reads up to an unescaped stop character; a backslash escapes those characters and `=`, else it stands for itself. */
  #word(stops: string): string {
    const from = this.#at;
    let escaped = false;
    while (!this.#atEnd() && !stops.includes(this.#text[this.#at] ?? '')) {
      const escapes =
        this.#text[this.#at] === '\\' && ',= '.includes(this.#text[this.#at + 1] ?? 'x');
      escaped ||= escapes;
      this.#at += escapes ? 2 : 1;
    }
    const word = this.#text.slice(from, this.#at);
    if (word.includes('\n')) this.#stop('a line end stands outside of a quoted text', from);
    return escaped ? word.replace(/\\([,= ])/g, '$1') : word;
  }

  #plain(): string {
    const from = this.#at;
    while (!this.#atEnd() && !', \n'.includes(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text.slice(from, this.#at);
  }

  #quoted(): string {
    const from = this.#at;
    for (let at = from + 1; at < this.#text.length; at++) {
      if (this.#text[at] === '\\') {
        at += 1;
      } else if (this.#text[at] === '"') {
        this.#at = at + 1;
        return this.#text.slice(from + 1, at).replace(/\\(["\\])/g, '$1');
      }
    }
    throw new ScanStop(undefined, '');
  }

  #spaces(missing: string): void {
    const from = this.#at;
    while (this.#text[this.#at] === ' ') this.#at += 1;
    if (this.#at === from) this.#stop(missing === '' ? 'text follows a field' : missing);
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #stop(reason: string, at = this.#at): never {
    throw new ScanStop(at, reason);
  }
}
