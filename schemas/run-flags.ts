/** Bits of `runFlags` in a packed batch. */
export const runFlags = {
  /** Back-fill, or too old to act on: scored and stored, nobody is told. */
  historical: 1,
  /** It came behind the watermark of its raw partition. */
  late: 2,
} as const;
