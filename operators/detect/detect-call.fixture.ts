import { type ClassName, classNames } from '../../models/metric-class.ts';
import type { Scorer } from '../../models/scorer.ts';
import { type DetectInput, type DetectSettings, defaultSettings } from './detect-input.ts';
import type { EpisodeEvent } from './detect-output.ts';
import { type DetectTables, newDetectTables } from './detect-tables.ts';
import { Detector } from './detector.ts';
import type { Siblings } from './siblings.ts';
import { MEMBERS } from './state-columns.ts';
import { defaultTuning } from './tuning.ts';

/** Points of one series for a test. */
export interface Track {
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
  readonly settings?: Partial<DetectSettings>;
  /** Score at which an episode opens; 1 by default. */
  readonly level?: number;
  /** Whether its points are back-fill. */
  readonly historical?: boolean;
}

/** Everything that a detector said of one series, point by point. */
export interface TrackResult {
  readonly scores: number[];
  readonly expected: number[];
  readonly lower: number[];
  readonly upper: number[];
  readonly onsets: number[];
  readonly lifeCycles: number[];
  readonly surprises: number[];
  readonly episodes: Omit<EpisodeEvent, 'row' | 'point'>[];
  /** Classes inferred, one after the other. */
  readonly classes: ClassName[];
}

/** A detector over fresh tables, with a row for each track. */
export interface Bench {
  readonly detector: Detector;
  readonly tables: DetectTables;
}

/** Makes a detector with `rows` new series, by default over tables of its own. */
export function newBench(
  scorer: Scorer,
  rows: number,
  siblings?: Siblings,
  tables = newDetectTables({ rowsPerPage: 4, pagesPerSlab: 4 }),
): Bench {
  for (let row = 0; row < rows; row++) tables.series.allocate();
  return { detector: new Detector(scorer, tables, defaultTuning, siblings), tables };
}

/** A piece of a track: the track's number and its points `[from, to)`. */
export type Cut = readonly [track: number, from: number, to: number];

/** Scores the pieces of each call in turn and puts what was said of each track together. */
export async function runCalls(
  bench: Bench,
  tracks: readonly Track[],
  calls: readonly (readonly Cut[])[],
): Promise<TrackResult[]> {
  const results = tracks.map(emptyResult);
  for (const cuts of calls) {
    const output = await bench.detector.score(inputOf(tracks, cuts));
    let at = 0;
    for (const [track, from, to] of cuts) {
      const result = results[track] as TrackResult;
      for (let i = from; i < to; i++, at++) {
        result.scores.push(output.score[at] as number);
        result.expected.push(output.expected[at] as number);
        result.lower.push(output.lower[at] as number);
        result.upper.push(output.upper[at] as number);
        result.onsets.push(output.onset[at] as number);
        result.lifeCycles.push(output.lifeCycle[at] as number);
        for (let m = 0; m < MEMBERS; m++) {
          result.surprises.push(output.surprises[at * MEMBERS + m] as number);
        }
      }
    }
    for (const { row, point: _, ...event } of output.episodes) results[row]?.episodes.push(event);
    for (const { row, metricClass } of output.classChanges) results[row]?.classes.push(metricClass);
  }
  return results;
}

/** Scores one track in one call by a detector of its own. */
export async function runTrack(scorer: Scorer, track: Track): Promise<TrackResult> {
  const cut: Cut = [0, 0, track.values.length];
  const [result] = await runCalls(newBench(scorer, 1), [track], [[cut]]);
  return result as TrackResult;
}

function inputOf(tracks: readonly Track[], cuts: readonly Cut[]): DetectInput {
  const starts: number[] = [];
  const timestamps: number[] = [];
  const values: number[] = [];
  for (const [track, from, to] of cuts) {
    starts.push(values.length);
    timestamps.push(...(tracks[track] as Track).timestamps.slice(from, to));
    values.push(...(tracks[track] as Track).values.slice(from, to));
  }
  return {
    runs: cuts.length,
    rows: Uint32Array.from(cuts, ([track]) => track),
    starts: Uint32Array.from(starts),
    counts: Uint32Array.from(cuts, ([, from, to]) => to - from),
    settingsOf: Uint32Array.from(cuts, ([track]) => track),
    settings: tracks.map(({ settings }) => ({ ...defaultSettings, ...settings })),
    historical: Uint8Array.from(cuts, ([track]) => (tracks[track]?.historical === true ? 1 : 0)),
    levels: cuts.map(([track]) =>
      new Float64Array(classNames.length).fill(tracks[track]?.level ?? 1),
    ),
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values),
  };
}

function emptyResult(): TrackResult {
  return {
    scores: [],
    expected: [],
    lower: [],
    upper: [],
    onsets: [],
    lifeCycles: [],
    surprises: [],
    episodes: [],
    classes: [],
  };
}
