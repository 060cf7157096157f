import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { observabilityOptions } from '../observability-options.ts';
import { StageStats } from '../stage-stats.ts';
import { WorkerMetrics } from './worker-metrics.ts';
import { openMetricsListener } from './worker-metrics-listener.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const time = { nowMs: () => 1e12, elapsedMs: () => 0 };

function makeWorker() {
  const worker = new WorkerMetrics({
    clock: time,
    monotonic: time,
    prefix: 'vigie.',
    threads: 1,
    kernelTimeoutMs: 30_000,
  });
  return { worker, meter: worker.addStage('detect', new StageStats('detect')) };
}

describe('openMetricsListener', () => {
  it('is on loopback, and off, unless it is asked for', async () => {
    const { worker } = makeWorker();
    const options = observabilityOptions.parse({});
    expect(options.listener).toEqual({ enabled: false, host: '127.0.0.1', port: 9464 });
    expect(await openMetricsListener(options, worker, silent)).toBeUndefined();
    worker.close();
  });

  it('answers by 200 and 503, and says why', async () => {
    const { worker, meter } = makeWorker();
    const options = observabilityOptions.parse({ listener: { enabled: true, port: 0 } });
    const server = await openMetricsListener(options, worker, silent);
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${server?.port}${path}`);
      return [response.status, await response.text()] as const;
    };
    try {
      expect(server?.host).toBe('127.0.0.1');
      expect((await get('/livez'))[0]).toBe(200);
      expect(await get('/readyz')).toEqual([
        503,
        '{"status":"failing","stages":[{"stage":"detect","ok":false,"reason":"waiting for its partitions"}]}\n',
      ]);
      meter.subscribed(new Map(), new Set());
      await meter.rebalance('assigned', async () => undefined);
      expect((await get('/readyz'))[0]).toBe(200);
      meter.gaveUp(new PipelineError('MODEL_SHAPE', 'a path that is nobody else’s business'));
      expect(await get('/livez')).toEqual([
        503,
        '{"status":"failing","stages":[{"stage":"detect","ok":false,"reason":"ended: MODEL_SHAPE"}]}\n',
      ]);
      expect((await get('/metrics'))[1]).toContain('\nmonitoring_stage_up{stage="detect"} 0\n');
    } finally {
      await server?.close();
      worker.close();
    }
  });
});
