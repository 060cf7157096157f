import type { LoadedConfig } from '../pipelines/config.ts';
import { isSecretName } from '../runtime/options/option-issue.ts';
import {
  formatOptionOrigin,
  formatOptionPath,
  type OptionPath,
} from '../runtime/options/option-origin.ts';
import { formatBytes, formatDurationMs, quantityOf } from '../runtime/options/quantity.ts';

/** One option as it is in force: its path, its value (never a secret’s) and where it was set. */
export interface EffectiveOption {
  readonly option: string;
  readonly value: unknown;
  readonly origin: string;
}

/**
 * Lists every option with its value and origin, in the order of the reference.
 *
 * Secrets and the passwords in URLs are replaced by `***`. Lists and free mappings are one option each.
 */
export function effectiveOptions({ options, origins }: LoadedConfig): readonly EffectiveOption[] {
  const rows: EffectiveOption[] = [];
  const visit = (value: unknown, path: OptionPath): void => {
    if (isSection(value)) {
      for (const [key, entry] of Object.entries(value)) visit(entry, [...path, key]);
      return;
    }
    // A section with nothing set in it says nothing.
    if (path.length === 1 && isEmptyMap(value)) return;
    const option = formatOptionPath(path);
    rows.push({
      option,
      value: redact(value, String(path.at(-1) ?? '')),
      origin: originText(origins, option),
    });
  };
  visit(options, []);
  return rows;
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0
  );
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Writes a value as people would in the file: durations and sizes with units, texts bare, the rest as JSON. */
export function optionText({ option, value }: EffectiveOption): string {
  if (typeof value === 'string') return value;
  const quantity = quantityOf(option);
  if (typeof value === 'number' && quantity === 'duration') return formatDurationMs(value);
  return typeof value === 'number' && quantity === 'size'
    ? formatBytes(value)
    : JSON.stringify(value);
}

function originText(origins: LoadedConfig['origins'], option: string): string {
  const own = origins.get(option);
  if (own !== undefined) return formatOptionOrigin(own);
  const inside = [...origins].find(
    ([path]) => path.startsWith(`${option}.`) || path.startsWith(`${option}[`),
  );
  return inside === undefined ? 'default' : formatOptionOrigin(inside[1]);
}

function redact(value: unknown, name: string): unknown {
  if (value !== undefined && isSecretName(name)) return '***';
  if (typeof value === 'string')
    return value.replace(/^([a-z][\w+.-]*:\/\/[^/@:]*):[^/@]*@/i, '$1:***@');
  if (Array.isArray(value)) return value.map((entry) => redact(entry, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redact(entry, key)]));
}
