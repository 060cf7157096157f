import type { Config } from '../pipelines/config.ts';
import type { FleetSetup, Planted } from './fleet-source.ts';

/** What a generator thread is started with. */
export interface GeneratorSetup {
  readonly config: Config;
  readonly fleet: FleetSetup;
  /** One `MetricPoint` per record. */
  readonly single: boolean;
}

/** What the bench tells its generator. */
export type GeneratorCall =
  /** Sends the pilots’ history. */
  | { readonly kind: 'history' }
  /** Allows so many more points to be sent; they are, as fast as the transport takes them. */
  | { readonly kind: 'grant'; readonly points: number }
  /** Sends each record when the clock reaches the event time of its last point, until `halt`. */
  | { readonly kind: 'live' }
  | { readonly kind: 'halt' }
  /** The records of a `records` report are written. */
  | { readonly kind: 'written' };

/** What a generator tells; every report carries its CPU seconds so far. */
export type GeneratorReport =
  | { readonly kind: 'ready'; readonly cpuSeconds: number }
  /** Points of records acknowledged so far. */
  | {
      readonly kind: 'sent';
      readonly points: number;
      readonly records: number;
      readonly cpuSeconds: number;
    }
  | { readonly kind: 'history'; readonly cpuSeconds: number }
  | { readonly kind: 'halted'; readonly planted: readonly Planted[]; readonly cpuSeconds: number }
  /** To be written by the main thread: the embedded log has one process, and its writer lives there. */
  | {
      readonly kind: 'records';
      readonly records: readonly SentRecord[];
      readonly cpuSeconds: number;
    };

/** A raw record and the partition that the producer chose for it. */
export interface SentRecord {
  readonly partition: number;
  readonly value: Uint8Array;
}
