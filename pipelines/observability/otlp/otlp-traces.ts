import { setTimeout as sleep } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import manifest from '../../../package.json' with { type: 'json' };
import type { SpanFigures, StageTrace, Traces, TracesSetup } from '../traces.ts';
import { BatchSpans } from './batch-spans.ts';
import { LinkSampler } from './link-sampler.ts';
import { ReportingExporter } from './reporting-exporter.ts';

/** How long spans wait for company, how many may wait, and how long a collector may take over them. */
const DELAY_MS = 1000;
const MOST_WAITING = 16_384;
const EXPORT_LIMIT_MS = 5000;
const CLOSE_LIMIT_MS = 3000;

/** What traces to a collector are made with. */
export interface OtlpTracesSetup extends Omit<TracesSetup, 'options'> {
  readonly options: TracesSetup['options'] & { readonly endpoint: string };
}

/**
 * Traces of a worker, sent by OTLP over HTTP (JSON) to `<endpoint>/v1/traces`.
 *
 * Spans that a collector does not take in time are given up: tracing never holds up the pipeline. Headers for the
 * collector, such as a token, come from `OTEL_EXPORTER_OTLP_HEADERS`.
 */
export class OtlpTraces implements Traces {
  readonly #setup: OtlpTracesSetup;
  readonly #exporter: ReportingExporter;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #originMs: number;

  constructor(setup: OtlpTracesSetup) {
    this.#setup = setup;
    const { options, namespace, cluster, log, clock, monotonic } = setup;
    this.#originMs = clock.nowMs() - monotonic.elapsedMs();
    const url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_LIMIT_MS });
    this.#exporter = new ReportingExporter(exporter, log);
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': manifest.name,
        'service.version': manifest.version,
        ...(namespace === undefined ? {} : { 'service.namespace': namespace }),
        ...(cluster === undefined ? {} : { 'vigie.cluster': cluster }),
      }),
      sampler: new LinkSampler(options.sampleRatio),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: this.#exporter,
          scheduledDelayMillis: DELAY_MS,
          maxQueueSize: MOST_WAITING,
          exportTimeoutMillis: EXPORT_LIMIT_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer(manifest.name, manifest.version);
  }

  get figures(): SpanFigures {
    return this.#exporter.figures;
  }

  stage(name: string, group: string): StageTrace {
    const { transport, monotonic } = this.#setup;
    return new BatchSpans({
      tracer: this.#tracer,
      stage: name,
      group,
      system: transport === 'kafka' ? 'kafka' : manifest.name,
      nowMs: () => this.#originMs + monotonic.elapsedMs(),
    });
  }

  async close(): Promise<void> {
    const limit = new AbortController();
    const late = sleep(CLOSE_LIMIT_MS, undefined, { signal: limit.signal, ref: false });
    // What a collector that is away did not take was counted and logged.
    await Promise.race([this.#provider.shutdown(), late]).catch(() => undefined);
    late.catch(() => undefined);
    limit.abort();
  }
}
