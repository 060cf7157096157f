import type { Log } from '../../runtime/log.ts';
import type { HealthVerdict } from '../../runtime/metrics/health.ts';
import {
  type MetricsAnswer,
  type MetricsServer,
  openMetricsServer,
} from '../../runtime/metrics/metrics-server.ts';
import type { ObservabilityOptions } from '../observability-options.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/**
 * Serves a worker’s `/metrics`, `/livez` and `/readyz`; `undefined` where the configuration asks for no listener.
 *
 * Health answers 200 or 503, with the stages that are not well, and why, as JSON.
 *
 * @throws PipelineError `LISTENER_REFUSED` (fate: stop) when the address is taken or not ours.
 */
export async function openMetricsListener(
  { listener }: ObservabilityOptions,
  worker: WorkerMetrics,
  log: Log,
): Promise<MetricsServer | undefined> {
  if (!listener.enabled) return undefined;
  const server = await openMetricsServer({
    host: listener.host,
    port: listener.port,
    paths: {
      '/metrics': async () => ({
        status: 200,
        type: worker.metrics.contentType,
        body: await worker.metrics.text(),
      }),
      '/livez': () => health(worker.live()),
      '/readyz': () => health(worker.ready()),
    },
    failed: (path, error) => log.error({ path }, `not answered: ${String(error)}`),
  });
  log.info({ host: server.host, port: server.port }, 'metrics and health are served');
  return server;
}

function health(verdict: HealthVerdict): MetricsAnswer {
  return {
    status: verdict.status === 'ok' ? 200 : 503,
    type: 'application/json',
    body: `${JSON.stringify(verdict)}\n`,
  };
}
