import type { ClassName } from '../../models/metric-class.ts';
import type { memberIds } from './state-columns.ts';
import type { SuppressionCode } from './suppression.ts';

/** How far a series' state has come: onsets need at least `probation`. */
export const lifeCycles = ['cold', 'warming', 'probation', 'live', 'stale'] as const;
export type LifeCycle = (typeof lifeCycles)[number];

/** Weight of an episode: `warning` from score 1, `critical` from score 2. */
export const tiers = ['warning', 'critical'] as const;
export type Tier = (typeof tiers)[number];

/** Which way the values went at the peak; `SHAPE`: their course was unusual, not their size. */
export const movements = ['UP', 'DOWN', 'FLAT', 'SHAPE'] as const;
export type Movement = (typeof movements)[number];

/** What one member of the ensemble said at an episode's peak. */
export interface MemberVerdict {
  readonly modelId: (typeof memberIds)[number];
  /** The member's own score. */
  readonly raw: number;
  /** How unusual that is for this series: -log10 of its tail. */
  readonly surprise: number;
  readonly weight: number;
  /** True where the member had nothing to say yet. */
  readonly skipped: boolean;
}

/** A reading that made up part of the score at the peak; contributions add up to 1. */
export interface FeatureShare {
  readonly name: string;
  readonly value: number;
  readonly contribution: number;
}

/** The class of a series was inferred anew from its values; it holds from the next point on. */
export interface ClassChange {
  readonly row: number;
  /** Point of the call behind which it changed. */
  readonly point: number;
  readonly metricClass: ClassName;
}

/** A change of an episode, of a series or of an entity. Times are event time in ms. */
export interface EpisodeChange {
  readonly phase: 'OPEN' | 'UPDATE' | 'CLOSE';
  /** 0 at OPEN, then counting up. */
  readonly revision: number;
  readonly startMs: number;
  /** What was taken in last when this was told: readers order by it, so it lies behind every tick that was passed on. */
  readonly lastMs: number;
  /** The last time that was odd; null while the episode is open. */
  readonly endMs: number | null;
  readonly peakMs: number;
  /** Distance of points, ms; of an entity the longest among the series that weighed. */
  readonly intervalMs: number;
  /** Points, or slots of an entity, at or above the opening score so far. */
  readonly points: number;
  readonly score: number;
  readonly peakScore: number;
  /** 1 - 0.15^peakScore. */
  readonly grade: number;
  /** Trust in the score by what was known, 0 to 1. */
  readonly confidence: number;
  readonly tier: Tier;
  readonly historical: boolean;
}

/** A change of an episode of a series; values are in the metric's unit, at the peak. */
export interface EpisodeEvent extends EpisodeChange {
  readonly row: number;
  /** Point of the call that caused it. */
  readonly point: number;
  /** How many of its points came behind the watermark. */
  readonly late: number;
  readonly movement: Movement;
  readonly value: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  /** Score at which an episode of the series opens at that time. */
  readonly threshold: number;
  readonly members: readonly MemberVerdict[];
  readonly features: readonly FeatureShare[];
  readonly lifeCycle: LifeCycle;
  /** Class that the series had when this was told. */
  readonly metricClass: ClassName;
}

/** What held an episode back that the score alone would have opened, or let one open that it would not. */
export interface OnsetRuling {
  readonly row: number;
  readonly point: number;
  readonly code: 'FEEDBACK' | 'IGNORE_CONSECUTIVE' | SuppressionCode;
  readonly outcome: 'held' | 'opened';
}

/** Scores of a call, one place per point; the arrays are written anew by the next call. */
export interface DetectOutput {
  readonly points: number;
  /** ≥ 0, continuous, never gated; from 1 up a warning may open, from 2 up a critical one. */
  readonly score: Float64Array;
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** 1: an episode opens as warning; 2: one opens as, or climbs to, critical. */
  readonly onset: Uint8Array;
  /** Index into `lifeCycles`. */
  readonly lifeCycle: Uint8Array;
  /** How much a point says that something is wrong with its entity, 0 to 8; 0 where its definition does not care. */
  readonly excess: Float64Array;
  /** Usual distance of the series' points, ms. */
  readonly intervalMs: Float64Array;
  /** `[points × members]` surprises, before weights. */
  readonly surprises: Float64Array;
  readonly episodes: readonly EpisodeEvent[];
  readonly classChanges: readonly ClassChange[];
  /** At each point where something beside the score decided on an onset. */
  readonly rulings: readonly OnsetRuling[];
  /** Times that a series found no room for the hours of its week. */
  readonly weeksRefused: number;
}

/** Makes an output with room for so many points; `surprises` is the detector’s own column. */
export function newDetectOutput(size: number, surprises: Float64Array): DetectOutput {
  return {
    points: 0,
    score: new Float64Array(size),
    expected: new Float64Array(size),
    lower: new Float64Array(size),
    upper: new Float64Array(size),
    onset: new Uint8Array(size),
    lifeCycle: new Uint8Array(size),
    excess: new Float64Array(size),
    intervalMs: new Float64Array(0),
    surprises,
    episodes: [],
    classChanges: [],
    rulings: [],
    weeksRefused: 0,
  };
}
