import { PipelineError } from '../errors.ts';

/** Layout fingerprint u32, rows up to the last one in use u32; then a bit per row, 1 where it is free; then the columns. */
const HEADER_BYTES = 8;

/** What a page image says. */
export interface PageContent {
  /** Rows up to the last one in use. */
  readonly rows: number;
  isFree(row: number): boolean;
  readonly columns: Uint8Array;
}

/** Makes and reads the images by which pages of one layout are saved. */
export class PageImages {
  readonly #fingerprint: number;
  readonly #columnsAt: number;
  readonly #image: Uint8Array<ArrayBuffer>;

  /** @param layout names the columns: a page of another layout must never be read as this one. */
  constructor(layout: string, rowsPerPage: number, pageBytes: number) {
    this.#fingerprint = fnv(layout);
    this.#columnsAt = HEADER_BYTES + ((Math.ceil(rowsPerPage / 8) + 7) & ~7);
    this.#image = new Uint8Array(this.#columnsAt + pageBytes);
  }

  /** Copies a page; null when none of its `rows` is in use. The image is good until the next one is made. */
  make(rows: number, isFree: (row: number) => boolean, columns: Uint8Array): Uint8Array | null {
    const image = this.#image;
    image.fill(0, 0, this.#columnsAt);
    let free = 0;
    for (let row = 0; row < rows; row++) {
      if (!isFree(row)) continue;
      const at = HEADER_BYTES + (row >>> 3);
      image[at] = (image[at] as number) | (1 << (row & 7));
      free += 1;
    }
    if (free >= rows) return null;
    const header = new DataView(image.buffer);
    header.setUint32(0, this.#fingerprint, true);
    header.setUint32(4, rows, true);
    image.set(columns, this.#columnsAt);
    return image;
  }

  /** @throws PipelineError `STATE_LAYOUT` (fate: stop) when the image is of another layout. */
  read(page: number, image: Uint8Array): PageContent {
    const header = new DataView(image.buffer, image.byteOffset, image.byteLength);
    if (image.length !== this.#image.length || header.getUint32(0, true) !== this.#fingerprint)
      throw new PipelineError('STATE_LAYOUT', `page ${page} has other columns`);
    const marks = image.subarray(HEADER_BYTES, this.#columnsAt);
    return {
      rows: header.getUint32(4, true),
      isFree: (row) => ((marks[row >>> 3] as number) & (1 << (row & 7))) !== 0,
      columns: image.subarray(this.#columnsAt),
    };
  }
}

/** FNV-1a 32. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
