import type { ErrorCode } from '../../runtime/errors.ts';
import type { SeriesBatch } from '../../schemas/generated/series-batch.ts';
import type { SeriesDefinition } from '../../schemas/generated/series-definition.ts';
import type { LatePoints } from '../event-time-options.ts';
import type { EvictedSeries } from './series-register.ts';

/** Where an enricher reports to while it accepts a batch. */
export interface EnrichSink {
  /** Points are not in the output: how many, by which code. */
  readonly dropped: (code: ErrorCode, points: number) => void;
  /** A series was seen for the first time. */
  readonly registered: (definition: SeriesDefinition) => void;
  /** A series was not heard of for too long; should it come back, it is a new one. */
  readonly evicted: (series: EvictedSeries) => void;
  /** Points came behind the watermark: what became of them; those not scored are told as dropped too. */
  readonly late: (outcome: LatePoints, points: number) => void;
  /** Points that carry another label set under a known id, as a batch of their own. */
  readonly collided: (definition: SeriesDefinition, batch: SeriesBatch, points: number) => void;
}
