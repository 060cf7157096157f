import type { Traces, TracesSetup } from './traces.ts';

/** Opens traces when a collector is configured; else nothing is loaded, and `undefined` is all that is left of them. */
export async function openTraces(setup: TracesSetup): Promise<Traces | undefined> {
  const { endpoint, ...options } = setup.options;
  if (endpoint === undefined) return undefined;
  const { OtlpTraces } = await import('./otlp/otlp-traces.ts');
  return new OtlpTraces({ ...setup, options: { ...options, endpoint } });
}
