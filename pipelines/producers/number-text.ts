const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NAMED: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/**
 * Reads a decimal number, or `NaN`, `Inf`, `Infinity` in any case with a sign; undefined for anything else.
 *
 * Stricter than `Number`: no hexadecimal, no empty text, no spaces. Whether a value that is not finite may enter is
 * VALIDATE's to say, not the parser's.
 */
export function parseNumber(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text) : NAMED[text.toLowerCase()];
}
