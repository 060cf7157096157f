import { SpanStatusCode } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../runtime/errors.ts';
import type { TaskResult } from '../../../runtime/task.ts';
import { BatchSpans } from './batch-spans.ts';

const TRACES = ['1', '2', '3'].map((digit) => digit.repeat(32));
const SPAN = 'ab'.repeat(8);
const topic = 'vigie.metrics.raw';

function makeSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const time = { ms: 1e12 };
  const spans = new BatchSpans({
    tracer: provider.getTracer('test'),
    stage: 'validate',
    group: 'vigie.validate',
    system: 'vigie',
    nowMs: () => time.ms,
  });
  return { exporter, time, spans };
}

/** A record; `origin` is the index of the trace that it belongs to. */
function record(offset: number, origin?: number | string) {
  const header = typeof origin === 'number' ? `00-${TRACES[origin]}-${SPAN}-01` : origin;
  const headers = header === undefined ? {} : { traceparent: Buffer.from(header) };
  return { offset, headers, key: null, value: null, timestampMs: 0 };
}

function result(position: number, kind: TaskResult['kind'] = 'outputs'): TaskResult {
  const answer = { records: 2, elapsedMs: 7 };
  const positions = new Map([[topic, position]]);
  return { kind, task: { partition: 0 }, positions, answer } as unknown as TaskResult;
}

describe('BatchSpans', () => {
  it('covers what a call took of several fetches, and leaves the rest for the next', () => {
    const { exporter, time, spans } = makeSpans();
    spans.fetched(0, topic, [record(0, 0), record(1, 0), record(2, 1)]);
    spans.fetched(1, topic, [record(0, 2)]);
    time.ms += 10;
    spans.fetched(0, topic, [record(3), record(4, 2)]);
    time.ms += 20;
    const [first, second] = [result(4), result(5)];
    spans.computed(first);
    spans.computed(second);
    time.ms += 30;
    spans.settled(first);
    spans.settled(second);
    const [one, other] = exporter.getFinishedSpans();
    expect(one?.links.map(({ context }) => context.traceId)).toEqual([TRACES[0], TRACES[1]]);
    expect(one?.attributes['messaging.batch.message_count']).toBe(4);
    expect(one?.duration).toEqual([0, 60e6]);
    expect(other?.links.map(({ context }) => context.traceId)).toEqual([TRACES[2]]);
    expect(other?.spanContext().traceId).toBe(TRACES[2]);
    expect(other?.duration).toEqual([0, 50e6]);
  });

  it('gives outputs the context of their batch, and none to checkpoints and replays', () => {
    const { exporter, spans } = makeSpans();
    spans.fetched(0, topic, [record(0, 0), record(1, 0)]);
    const [replay, checkpoint, outputs] = [result(1, 'replay'), result(1, 'checkpoint'), result(2)];
    for (const each of [replay, checkpoint, outputs]) spans.computed(each);
    expect(spans.headersOf(replay) ?? spans.headersOf(checkpoint)).toBeUndefined();
    const { traceparent } = spans.headersOf(outputs) ?? {};
    for (const each of [replay, checkpoint, outputs]) spans.settled(each);
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span?.attributes['messaging.batch.message_count']).toBe(1);
    const { traceId, spanId } = span?.spanContext() ?? {};
    expect(Buffer.from(traceparent ?? []).toString()).toBe(`00-${traceId}-${spanId}-01`);
  });

  it.each([
    'nonsense',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `ff-${TRACES[0]}-${SPAN}-01`,
    `00-${TRACES[0]}-${SPAN}`,
    '',
  ])('takes a header that says nothing for none: %s', (header) => {
    const { exporter, spans } = makeSpans();
    spans.fetched(0, topic, [record(0, header)]);
    const each = result(1);
    spans.computed(each);
    spans.settled(each);
    expect(exporter.getFinishedSpans()[0]?.links).toEqual([]);
  });

  it('ends what will not be settled with the code of the fault, and forgets what was fetched', () => {
    const { exporter, spans } = makeSpans();
    spans.fetched(0, topic, [record(0), record(1)]);
    spans.computed(result(1));
    spans.abandoned(new PipelineError('TRANSPORT_UNAVAILABLE'));
    spans.computed(result(2));
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.attributes['error.type']).toBe('TRANSPORT_UNAVAILABLE');
  });
});
