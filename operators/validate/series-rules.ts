import type { SeriesFault } from './head-places.ts';
import type { ValidateOptions } from './options.ts';
import type { RawSeries } from './raw-points.ts';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:.]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_.]*$/;

/**
 * Checks a series’ name, unit and labels against the form and the limits.
 *
 * @returns the first fault, or `undefined`; `detail` names the label and the limit, never a value.
 */
export function checkSeries(
  { name, labels, unit }: Pick<RawSeries, 'name' | 'labels' | 'unit'>,
  limits: ValidateOptions,
): SeriesFault | undefined {
  if (name.length > limits.maxNameLength || !METRIC_NAME.test(name)) {
    return {
      code: 'METRIC_NAME_INVALID',
      detail: `"${clip(name)}", at most ${limits.maxNameLength} characters`,
    };
  }
  if (unit !== null && unit.length > limits.maxUnitLength) {
    return {
      code: 'UNIT_TOO_LONG',
      detail: `${name} has ${unit.length}, at most ${limits.maxUnitLength} characters`,
    };
  }
  if (labels.length > limits.maxLabelNamesPerSeries) {
    return {
      code: 'LABELS_TOO_MANY',
      detail: `${name} has ${labels.length}, at most ${limits.maxLabelNamesPerSeries}`,
    };
  }
  for (let i = 0; i < labels.length; i++) {
    const [label = '', value = ''] = labels[i] ?? [];
    const fault = checkLabel(name, label, value, limits);
    if (fault !== undefined) return fault;
    if (i > 0 && labels[i - 1]?.[0] === label) {
      return { code: 'LABEL_DUPLICATE', detail: `${name} label "${clip(label)}"` };
    }
  }
  return undefined;
}

function checkLabel(
  name: string,
  label: string,
  value: string,
  limits: ValidateOptions,
): SeriesFault | undefined {
  if (label.length > limits.maxLabelNameLength) {
    const detail = `${name} label "${clip(label)}", at most ${limits.maxLabelNameLength} characters`;
    return { code: 'LABEL_NAME_TOO_LONG', detail };
  }
  if (!LABEL_NAME.test(label))
    return { code: 'LABEL_NAME_INVALID', detail: `${name} label "${clip(label)}"` };
  if (value.length > limits.maxLabelValueLength) {
    const detail = `${name} label "${clip(label)}" has ${value.length} characters, at most ${limits.maxLabelValueLength}`;
    return { code: 'LABEL_VALUE_TOO_LONG', detail };
  }
  return undefined;
}

/** Details go into headers and logs: names are cut, so that a hostile one cannot fill them. */
function clip(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 64)}…`;
}
