import {
  type Attributes,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PipelineError } from '../../../runtime/errors.ts';
import type { TaskResult } from '../../../runtime/task.ts';
import type { FetchedRecord, RecordHeaders } from '../../../runtime/transport.ts';
import type { StageTrace } from '../traces.ts';

/** What the spans of a stage are made with. */
export interface BatchSpansSetup {
  readonly tracer: Tracer;
  readonly stage: string;
  readonly group: string;
  /** `kafka`, or `vigie` for the embedded log. */
  readonly system: string;
  /** Epoch ms with fractions. */
  readonly nowMs: () => number;
}

interface Fetch {
  readonly topic: string;
  readonly arrivedMs: number;
  /** Records that no kernel has answered for yet. */
  records: readonly FetchedRecord[];
}

interface OpenBatch {
  readonly span: Span;
  readonly headers: RecordHeaders;
}

const propagator = new W3CTraceContextPropagator();

/**
 * Makes one span per batch of a stage: from the arrival of its oldest record until its outputs are acknowledged.
 *
 * It links to the span of every record in the batch, by the records’ W3C headers. Where that is one span only, the batch
 * goes on with its trace; of several it begins a new one. Outputs carry the batch’s own context. What is read again
 * after a restart, and checkpoints, have no span. Costs a look at one header per record.
 */
export class BatchSpans implements StageTrace {
  readonly #setup: BatchSpansSetup;
  /** Per partition, what was fetched and not yet computed, oldest first. */
  readonly #fetches = new Map<number, Fetch[]>();
  readonly #open = new Map<TaskResult, OpenBatch>();

  constructor(setup: BatchSpansSetup) {
    this.#setup = setup;
  }

  fetched(partition: number, topic: string, records: readonly FetchedRecord[]): void {
    const fetches = this.#fetches.get(partition) ?? [];
    this.#fetches.set(partition, fetches);
    fetches.push({ topic, records, arrivedMs: this.#setup.nowMs() });
  }

  computed(result: TaskResult): void {
    const taken = this.#take(result);
    const [oldest] = taken;
    if (oldest === undefined || result.kind !== 'outputs') return;
    const { tracer, stage, nowMs } = this.#setup;
    const linked = contextsOf(taken);
    const only = linked.length === 1 ? linked[0] : undefined;
    const span = tracer.startSpan(
      `process ${stage}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: oldest.arrivedMs,
        attributes: this.#describe(result, taken),
        links: linked.map((context) => ({ context })),
      },
      only === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, only),
    );
    span.addEvent('computed', { 'vigie.kernel_ms': result.answer.elapsedMs }, nowMs());
    this.#open.set(result, { span, headers: headersFor(span) });
  }

  headersOf(result: TaskResult): RecordHeaders | undefined {
    return this.#open.get(result)?.headers;
  }

  settled(result: TaskResult): void {
    this.#open.get(result)?.span.end(this.#setup.nowMs());
    this.#open.delete(result);
  }

  released(partition: number): void {
    this.#fetches.delete(partition);
  }

  abandoned(error: unknown): void {
    const code = error instanceof PipelineError ? error.code : 'KERNEL_FAILED';
    for (const { span } of this.#open.values()) {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.end(this.#setup.nowMs());
    }
    this.#open.clear();
    this.#fetches.clear();
  }

  /** Takes out what a result has computed: every record before its positions. */
  #take({ task, positions }: TaskResult): readonly Fetch[] {
    const taken: Fetch[] = [];
    const left: Fetch[] = [];
    for (const fetch of this.#fetches.get(task.partition) ?? []) {
      const { topic, arrivedMs, records } = fetch;
      const position = positions.get(topic) ?? 0;
      const until = records.findIndex(({ offset }) => offset >= position);
      const count = until < 0 ? records.length : until;
      if (count > 0) taken.push({ topic, arrivedMs, records: records.slice(0, count) });
      if (count < records.length) left.push({ topic, arrivedMs, records: records.slice(count) });
    }
    this.#fetches.set(task.partition, left);
    return taken;
  }

  #describe({ task, answer }: TaskResult, taken: readonly Fetch[]): Attributes {
    const { stage, group, system } = this.#setup;
    const topics = new Set(taken.map(({ topic }) => topic));
    const [topic] = topics;
    return {
      'messaging.system': system,
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.consumer.group.name': group,
      'messaging.destination.partition.id': String(task.partition),
      'messaging.batch.message_count': taken.reduce((sum, { records }) => sum + records.length, 0),
      ...(topic === undefined || topics.size > 1 ? {} : { 'messaging.destination.name': topic }),
      'vigie.stage': stage,
      'vigie.records_out': answer.records,
    };
  }
}

/** The spans that records come from, each once. */
function contextsOf(taken: readonly Fetch[]): readonly SpanContext[] {
  const found = new Map<string, SpanContext>();
  for (const { records } of taken) {
    for (const { headers } of records) {
      if (headers.traceparent === undefined) continue;
      const traceparent = textOf(headers.traceparent);
      if (found.has(traceparent)) continue;
      const tracestate = headers.tracestate === undefined ? '' : textOf(headers.tracestate);
      const carrier = { traceparent, tracestate };
      const context = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
      const spanContext = trace.getSpanContext(context);
      if (spanContext !== undefined) found.set(traceparent, spanContext);
    }
  }
  return [...found.values()];
}

function headersFor(span: Span): RecordHeaders {
  const carrier: Record<string, string> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return Object.fromEntries(
    Object.entries(carrier).map(([name, text]) => [name, Buffer.from(text)]),
  );
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
