import { Codec } from '../schemas/codec.ts';
import { FileRegistry } from '../schemas/file-registry.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { writeId } from '../schemas/identity.ts';
import { registerRecords } from '../schemas/registry.ts';
import { labelsOf, nameOf } from './fleet-source.ts';

const START_MS = Date.UTC(2026, 0, 5);
const LABEL_SETS = 1024;
/** An encoded definition begins with the frame and the id. */
const FRAME_BYTES = 5;

/** Where a series' points lie; the same for the same number and round. */
export interface HeldFleet {
  definition(series: number): SeriesDefinition;
  encoded(series: number): Uint8Array;
  timeOf(series: number, round: number): number;
  valueOf(series: number, round: number): number;
  /** Writes the series' id, 8 bytes. */
  writeId(series: number, id: Uint8Array): void;
}

/**
 * Series with the labels of a small fleet, used again and again under ids of their own: labels cost time to make, and what
 * is measured is what is held of them.
 */
export async function heldFleet(stepMs: number): Promise<HeldFleet> {
  const codec = new Codec(await registerRecords(new FileRegistry()));
  const known = { tenant: 'default', kind: 'GAUGE', unit: null, firstSeenMs: START_MS } as const;
  const pool = Array.from({ length: LABEL_SETS }, (_, i) => {
    const labels = { name: nameOf(i), labels: labelsOf(i * 48_611) };
    const id = new Uint8Array(8);
    const encoded = codec.encode('SeriesDefinition', {
      seriesId: id,
      entityId: id,
      ...known,
      ...labels,
    });
    return { labels, encoded };
  });
  const setOf = (series: number) => pool[series % LABEL_SETS] as (typeof pool)[number];
  return {
    definition: (series): SeriesDefinition => {
      const id = new Uint8Array(8);
      writeFleetId(series, id);
      return { seriesId: id, entityId: id, ...known, ...setOf(series).labels };
    },
    encoded: (series) => {
      const encoded = Buffer.from(setOf(series).encoded);
      writeFleetId(series, encoded.subarray(FRAME_BYTES));
      return encoded;
    },
    timeOf: (series, round) => START_MS + round * stepMs + ((series * 7919) % stepMs),
    valueOf: (series, round) => 100 + (mixed(series * 31 + round) % 1000) / 7,
    writeId: writeFleetId,
  };
}

function writeFleetId(series: number, id: Uint8Array): void {
  writeId(id, 0, mixed(series), mixed(series ^ 0x5bd1e995));
}

/** A one-to-one mix of 32 bits: ids are hashes. */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
