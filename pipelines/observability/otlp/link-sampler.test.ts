import { type Link, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { LinkSampler } from './link-sampler.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

function decide(ratio: number, ...flags: number[]): SamplingDecision {
  const links: Link[] = flags.map((traceFlags, i) => ({
    context: { traceId, spanId: `b7ad6b716920333${i}`, traceFlags },
  }));
  const sampler = new LinkSampler(ratio);
  return sampler.shouldSample(ROOT_CONTEXT, traceId, 'x', SpanKind.CONSUMER, {}, links).decision;
}

describe('LinkSampler', () => {
  const { NOT_RECORD, RECORD_AND_SAMPLED } = SamplingDecision;

  it('samples the given part of what begins here', () => {
    expect([decide(0), decide(1)]).toEqual([NOT_RECORD, RECORD_AND_SAMPLED]);
  });

  it('follows what was begun elsewhere, whatever the part', () => {
    expect([decide(0, 1), decide(0, 0, 1)]).toEqual([RECORD_AND_SAMPLED, RECORD_AND_SAMPLED]);
    expect([decide(1, 0), decide(1, 0, 0)]).toEqual([NOT_RECORD, NOT_RECORD]);
  });
});
