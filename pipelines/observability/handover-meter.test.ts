import { describe, expect, it } from 'vitest';
import { HandoverMeter } from './handover-meter.ts';

describe('HandoverMeter', () => {
  it('shows what restores still have to read, and counts what they have read since the assignment', async () => {
    const meter = new HandoverMeter();
    const progress = { recordsRead: 0, behind: 10 };
    const done = Promise.withResolvers<string>();
    const restored = meter.restore(progress, () => done.promise);
    expect(meter.figures).toMatchObject({ restoring: 10, restored: 0 });
    Object.assign(progress, { recordsRead: 7, behind: 3 });
    expect(meter.figures.restoring).toBe(3);
    Object.assign(progress, { recordsRead: 9, behind: 0 });
    done.resolve('state');
    expect(await restored).toBe('state');
    expect(meter.figures).toMatchObject({ restoring: 0, restored: 9, takeOvers: 0 });
  });

  it('counts a take-over where a standby had read before, and only what was left to read', async () => {
    const meter = new HandoverMeter();
    const progress = { recordsRead: 100, behind: 2 };
    await meter.restore(progress, async () => {
      progress.recordsRead += 2;
    });
    expect(meter.figures).toMatchObject({ restored: 2, takeOvers: 1 });
  });

  it('shows the standbys of the present membership, and forgets restores of the former', async () => {
    const meter = new HandoverMeter();
    expect(meter.figures).toMatchObject({ standbys: 0, standbyLagRecords: 0 });
    void meter.restore({ recordsRead: 0, behind: 5 }, () => new Promise(() => undefined));
    meter.standsBy({ figures: { partitions: 2, lagRecords: 30 } });
    expect(meter.figures).toMatchObject({ standbys: 2, standbyLagRecords: 30, restoring: 0 });
  });
});
