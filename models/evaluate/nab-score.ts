/** A file as NAB judges it: where onsets are and which rows lie in a window. */
export interface NabRows {
  readonly onsets: Uint8Array;
  readonly labels: Uint8Array;
}

/** What a profile of NAB weighs. */
export interface NabProfile {
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** The profiles `standard` and `reward_low_FP_rate`. */
export const nabStandard: NabProfile = { falsePositive: 0.11, falseNegative: 1 };
export const nabLowFalse: NabProfile = { falsePositive: 0.22, falseNegative: 1 };

const PROBATION_SHARE = 0.15;
const PROBATION_MOST = 5000;

/**
 * Scores onsets as the Numenta Anomaly Benchmark does (Lavin and Ahmad 2015): 100 is every window hit at its first row.
 *
 * The first onset in a window earns the more the earlier it is; an onset outside costs the more the further behind the
 * last window it is. A window is a run of labelled rows; windows that touch would count as one (none do in NAB).
 */
export function nabScore(files: readonly NabRows[], profile: NabProfile): number {
  let raw = 0;
  let windows = 0;
  let missable = 0;
  for (const file of files) {
    const judged = scoreFile(file, profile);
    raw += judged.raw;
    windows += judged.windows;
    missable += judged.live;
  }
  const floor = -profile.falseNegative * missable;
  return (100 * (raw - floor)) / (windows - floor);
}

function scoreFile({ onsets, labels }: NabRows, profile: NabProfile) {
  const total = labels.length;
  const share = Math.min(Math.floor(PROBATION_SHARE * total), PROBATION_SHARE * PROBATION_MOST);
  const probation = Math.ceil(share);
  const windows = windowsOf(labels);
  let raw = 0;
  let live = 0;
  for (const [from, to] of windows) {
    if (to <= probation) continue;
    live += 1;
    const first = firstOnset(onsets, Math.max(from, probation), to);
    if (first < 0) raw -= profile.falseNegative;
    else raw += sigmoid(-(to - first) / (to - from)) / sigmoid(-1);
  }
  let last: readonly [number, number] | undefined;
  let next = 0;
  for (let i = 0; i < total; i++) {
    if (windows[next]?.[0] === i) {
      last = windows[next];
      next += 1;
    }
    const outside = last === undefined || i >= last[1];
    if (i >= probation && outside && onsets[i] !== 0)
      raw += profile.falsePositive * behind(i, last);
  }
  return { raw, windows: windows.length, live };
}

/** Runs of labelled rows, `[from, to)`. */
function windowsOf(labels: Uint8Array): [number, number][] {
  const windows: [number, number][] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1) continue;
    let to = i;
    while (labels[to] === 1) to += 1;
    windows.push([i, to]);
    i = to;
  }
  return windows;
}

function firstOnset(onsets: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) if (onsets[i] !== 0) return i;
  return -1;
}

/** Value of an onset outside all windows, -1 to 0. */
function behind(row: number, last: readonly [number, number] | undefined): number {
  if (last === undefined || last[1] - last[0] < 2) return -1;
  return sigmoid((row - last[1] + 1) / (last[1] - last[0] - 1));
}

function sigmoid(x: number): number {
  return x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1;
}
