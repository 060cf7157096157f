/** Rows of every model that so many points bring: what a scoring thread runs, again and again. */
export interface ScoringJob {
  /** `bare` runs the sessions themselves, `ensemble` what the product calls. */
  readonly kind: 'bare' | 'ensemble';
  readonly points: number;
  readonly models: readonly ScoringRows[];
  readonly seconds: number;
}

/** Input rows of one model in shared memory, and how many of them one bare run takes. */
export interface ScoringRows {
  readonly id: string;
  readonly rows: number;
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly input: Float32Array<SharedArrayBuffer>;
  readonly batch: number;
}

/** What a thread did: points scored by all members, and its CPU seconds. */
export interface ScoringAnswer {
  readonly points: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}
