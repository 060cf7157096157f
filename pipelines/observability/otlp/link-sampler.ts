import { type Attributes, type Context, type Link, type SpanKind, trace } from '@opentelemetry/api';
import {
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

const sampled = 1;

/**
 * Samples what comes of something sampled, and a part of what comes of nothing.
 *
 * A span with links follows them: one sampled link is enough, so that a trace which was begun is followed to its end
 * through batches that join it with others.
 */
export class LinkSampler implements Sampler {
  readonly #beginnings: TraceIdRatioBasedSampler;

  /** @param ratio part of the traces that begin here which are sampled, 0 to 1. */
  constructor(ratio: number) {
    this.#beginnings = new TraceIdRatioBasedSampler(ratio);
  }

  shouldSample(
    context: Context,
    traceId: string,
    _name: string,
    _kind: SpanKind,
    _attributes: Attributes,
    links: readonly Link[],
  ): SamplingResult {
    const traceState = trace.getSpanContext(context)?.traceState;
    const state = traceState === undefined ? {} : { traceState };
    if (links.length === 0) return { ...this.#beginnings.shouldSample(context, traceId), ...state };
    const follows = links.some((link) => (link.context.traceFlags & sampled) !== 0);
    const decision = follows ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
    return { decision, ...state };
  }

  toString(): string {
    return 'LinkSampler';
  }
}
