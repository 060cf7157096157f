import type { Movement } from '../../schemas/generated/anomaly.ts';
import type { Signal } from './signal.ts';

const MOVEMENTS: Readonly<Record<Movement, string>> = {
  UNKNOWN: 'behaves unusually',
  UP: 'is above its expected band',
  DOWN: 'is below its expected band',
  FLAT: 'is stuck',
  SHAPE: 'has an unusual shape',
  ABSENT: 'has stopped sending',
};

/** Says in words how a series left its normal behaviour, as in “is above its expected band”. */
export function movementText(movement: Movement): string {
  return MOVEMENTS[movement];
}

/**
 * Writes the texts of an alert for people: `summary` in one line, `description` with the figures.
 *
 * Figures have four significant digits; what is not known is left out.
 */
export function alertAnnotations(signal: Signal): Record<string, string> {
  const place = signal.labels.host ?? signal.labels.instance ?? signal.labels.pod;
  const where = signal.service ?? place;
  const on = where === undefined ? '' : ` on ${where}`;
  const annotations: Record<string, string> = {
    summary: `${signal.metric}${on} ${movementText(signal.movement)}`,
    description: describeFigures(signal),
  };
  if (signal.businessImpact !== null) annotations.impact = signal.businessImpact;
  return annotations;
}

function describeFigures(signal: Signal): string {
  const unit = signal.unit === null || signal.unit === '1' ? '' : ` ${signal.unit}`;
  const parts: string[] = [];
  if (signal.value !== null) parts.push(`value ${figure(signal.value)}${unit}`);
  if (signal.expected !== null) parts.push(`expected ${figure(signal.expected)}${unit}`);
  if (signal.lower !== null && signal.upper !== null) {
    parts.push(`band ${figure(signal.lower)} to ${figure(signal.upper)}${unit}`);
  }
  parts.push(`score ${figure(signal.peakScore)}`);
  return parts.join(', ');
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}
