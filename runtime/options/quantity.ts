const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/**
 * Reads a duration such as `500ms`, `5m`, `1h30m` or `7d` as milliseconds.
 *
 * Units: ms, s, m, h, d, w; parts add up. Returns `undefined` for anything else, a bare number included.
 */
export function readDurationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    total += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  return total;
}

/**
 * Reads a size such as `512MiB`, `64 KiB` or `2GB` as bytes.
 *
 * KiB, MiB, GiB, TiB count by 1,024; kB, MB, GB, TB by 1,000. Returns `undefined` for anything else.
 */
export function readBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kMGT]B|[KMGT]iB|B)$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (BYTES_PER_UNIT[match[2] ?? ''] ?? Number.NaN));
}

/** Reads a percentage such as `5%` or `0.1 %` as a ratio; returns `undefined` for anything else. */
export function readRatio(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?) ?%$/.exec(text);
  return match === null ? undefined : Number(match[1]) / 100;
}

/** Writes milliseconds in the largest units that lose nothing: 90,000 is `1m30s`, 604,800,000 is `7d`. */
export function formatDurationMs(ms: number): string {
  if (!Number.isInteger(ms) || ms === 0) return `${ms}ms`;
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = MS_PER_UNIT[unit] ?? 1;
    const count = unit === 'ms' ? rest : Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** Writes bytes in the largest binary unit: exact where that is short, else to one decimal (`1.5GiB`). */
export function formatBytes(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = BYTES_PER_UNIT[unit] ?? 1;
    if (Math.abs(bytes) >= size) {
      const count = bytes / size;
      return `${Number.isInteger(count) ? count : count.toFixed(1)}${unit}`;
    }
  }
  return `${bytes}B`;
}

/** What the end of an option’s name says about its unit. */
export type Quantity = 'duration' | 'size' | 'plain';

/** Tells an option’s unit by its name, as the house style has it: `…Ms` is a duration, `…Bytes` a size. */
export function quantityOf(name: string): Quantity {
  if (/(?:^ms|Ms)$/.test(name)) return 'duration';
  return /(?:^bytes|Bytes)$/.test(name) ? 'size' : 'plain';
}

/**
 * Reads the text of a number by its option’s name: durations and sizes with units, percentages, plain numbers.
 *
 * Returns `undefined` when the text is none of these. Cost: O(length).
 */
export function readQuantity(name: string, text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed))
    return Number(trimmed.replaceAll('_', ''));
  const quantity = quantityOf(name);
  if (quantity === 'duration') return readDurationMs(trimmed);
  if (quantity === 'size') return readBytes(trimmed);
  return readRatio(trimmed);
}
