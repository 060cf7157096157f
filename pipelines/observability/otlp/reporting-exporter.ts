import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '../../../runtime/log.ts';
import type { SpanFigures } from '../traces.ts';

/** Exports by another exporter, counts spans, and says once when a collector stops taking them and when it takes them again. */
export class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Log;
  #exported = 0;
  #failed = 0;
  #failing = false;

  constructor(exporter: SpanExporter, log: Log) {
    this.#exporter = exporter;
    this.#log = log;
  }

  get figures(): SpanFigures {
    return { exported: this.#exported, failed: this.#failed };
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      this.#note(spans.length, result);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  #note(spans: number, { code, error }: ExportResult): void {
    const isTaken = code === ExportResultCode.SUCCESS;
    if (isTaken) this.#exported += spans;
    else this.#failed += spans;
    if (isTaken && this.#failing) this.#log.info({}, 'the collector takes traces again');
    if (!isTaken && !this.#failing)
      this.#log.warn(
        {},
        `the collector does not take traces: ${error?.message ?? 'no reason given'}`,
      );
    this.#failing = !isTaken;
  }
}
