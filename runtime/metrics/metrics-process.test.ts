import { expect, it } from 'vitest';
import { ProcessMeter } from './metrics-process.ts';

it('reads this process, and the delay of its event loop since the reading before', async () => {
  const meter = new ProcessMeter();
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 60));
  await turn();
  meter.read();
  const startMs = performance.now();
  await turn();
  while (performance.now() - startMs < 400);
  await turn();
  const held = meter.read();
  await turn();
  const free = meter.read();
  meter.close();
  expect(held.residentBytes).toBeGreaterThan(held.heapUsedBytes);
  // Others use this machine’s cores too.
  expect(held.cpuSeconds).toBeGreaterThan(0.02);
  expect(held.uptimeSeconds).toBeGreaterThan(0.4);
  expect(held.loopDelayMaxSeconds).toBeGreaterThan(0.2);
  expect(held.loopDelayMeanSeconds).toBeLessThanOrEqual(held.loopDelayMaxSeconds);
  expect(free.loopDelayMaxSeconds).toBeLessThan(held.loopDelayMaxSeconds);
});
