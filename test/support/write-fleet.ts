import type { Point } from '../../pipelines/producers/point.ts';
import { RawWriter } from '../../pipelines/producers/raw-writer.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Transport } from '../../runtime/transport.ts';
import type { Codec } from '../../schemas/codec.ts';
import type { Fleet } from './fleet.ts';

/** How a fleet is written to the raw topic. */
export interface WriteFleet {
  readonly fleet: Fleet;
  readonly transport: Pick<Transport, 'write'>;
  readonly codec: Codec;
  readonly prefix: string;
  readonly partitions: number;
  /** Points per record, asked anew for every stretch of rounds. */
  readonly pointsPerRecord: () => number;
  /** Rounds written with one answer of `pointsPerRecord`. */
  readonly stretch?: number;
  /** Default true. */
  readonly backfill?: boolean;
}

/** Writes a fleet round by round, as back-fill unless told otherwise, and returns how many records it was cut into. */
export async function writeFleet(write: WriteFleet): Promise<number> {
  const { fleet, stretch = fleet.rounds } = write;
  const series = fleet.series.map(({ name, labels }) => ({ name, labels, kind: 'GAUGE' as const }));
  let records = 0;
  for (let start = 0; start < fleet.rounds; start += stretch) {
    const writer = new RawWriter({
      transport: write.transport,
      codec: write.codec,
      clock: systemClock,
      topic: `${write.prefix}metrics.raw`,
      partitions: write.partitions,
      tenant: 'default',
      producer: 'fleet',
      backfill: write.backfill ?? true,
      maxPointsPerRecord: write.pointsPerRecord(),
    });
    for (let round = start; round < Math.min(fleet.rounds, start + stretch); round++) {
      await writer.write(pointsOf(fleet, series, round));
    }
    await writer.flush();
    records += writer.acknowledgedRecords;
  }
  return records;
}

function pointsOf(fleet: Fleet, series: readonly Point['series'][], round: number): Point[] {
  const timestampMs = fleet.startMs + round * fleet.stepMs;
  return series.map((each, s) => ({
    series: each,
    timestampMs,
    value: fleet.series[s]?.values[round] ?? 0,
  }));
}
