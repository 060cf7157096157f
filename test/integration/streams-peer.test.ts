import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PeerEvent, type Replayed, replayPeer } from '../../bench/peers/peer-replay.ts';
import { OnnxEnsemble } from '../../models/onnx-ensemble.ts';
import { defaultSettings } from '../../operators/detect/detect-input.ts';
import { newDetectTables } from '../../operators/detect/detect-tables.ts';
import { Detector } from '../../operators/detect/detector.ts';
import { Codec } from '../../schemas/codec.ts';
import { FileRegistry } from '../../schemas/file-registry.ts';
import { type PackedBatch, readPackedBatch } from '../../schemas/read-packed-batch.ts';
import { registerRecords } from '../../schemas/registry.ts';
import { runFlags } from '../../schemas/run-flags.ts';
import { requireOwnBroker } from '../servers/require-server.ts';
import { peerBatches } from '../support/peer-batches.ts';

const possible = requireOwnBroker('the Kafka Streams peer scores as detect does');
/** The two runtimes, and the two languages, round some sums in another order. */
const CLOSE = 1e-3;

interface Own {
  readonly scores: number[];
  readonly onsets: number[];
  readonly events: PeerEvent[];
}

describe.runIf(possible)('the Kafka Streams peer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-peer-'));
  const own: Own = { scores: [], onsets: [], events: [] };
  let peer: Replayed;

  beforeAll(async () => {
    const ids = await registerRecords(new FileRegistry());
    const codec = new Codec(ids);
    const records: Buffer[] = [];
    const scorer = new OwnScores(await OnnxEnsemble.load(), own);
    for (const batch of peerBatches(5)) {
      records.push(codec.encode('SeriesBatch', batch));
      await scorer.take(readPackedBatch(batch) as PackedBatch);
    }
    peer = await replayPeer(records, ids.SeriesBatch, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives every point the score that detect gives it', () => {
    expect(peer.scores).toHaveLength(own.scores.length);
    const off = own.scores.filter((score, i) => !isClose(score, peer.scores[i] as number));
    expect(off).toHaveLength(0);
  });

  it('opens, raises and closes the same episodes at the same points', () => {
    expect(own.onsets.filter((onset) => onset > 0).length).toBeGreaterThan(100);
    expect([...peer.onsets]).toEqual(own.onsets);
    expect(peer.events).toEqual(own.events);
    expect(own.events.filter(({ phase }) => phase === 'CLOSE').length).toBeGreaterThan(100);
  });
});

/** Scores batches by the product's own detector, as the detect stage does with nothing in the catalog. */
class OwnScores {
  readonly #tables = newDetectTables();
  readonly #detector: Detector;
  readonly #rows = new Map<string, number>();
  readonly #own: Own;

  constructor(ensemble: OnnxEnsemble, own: Own) {
    this.#detector = new Detector(ensemble, this.#tables);
    this.#own = own;
  }

  async take(batch: PackedBatch): Promise<void> {
    const { runCount, runStarts, timestamps, values } = batch;
    const output = await this.#detector.score({
      runs: runCount,
      rows: Uint32Array.from({ length: runCount }, (_, run) => this.#rowOf(idOf(batch, run))),
      starts: runStarts.subarray(0, runCount),
      counts: Uint32Array.from({ length: runCount }, (_, run) => countOf(runStarts, run)),
      settingsOf: new Uint32Array(runCount),
      settings: [defaultSettings],
      historical: batch.runFlags.map((flags) => flags & runFlags.historical),
      late: batch.runFlags.map((flags) => flags & runFlags.late),
      timestamps,
      values,
    });
    for (let i = 0; i < output.points; i++) {
      this.#own.scores.push(output.score[i] as number);
      this.#own.onsets.push(output.onset[i] as number);
    }
    const ids = [...this.#rows.keys()];
    for (const { row, phase, point } of output.episodes) {
      this.#own.events.push({ series: ids[row] ?? '', phase, ms: timestamps[point] as number });
    }
  }

  #rowOf(id: string): number {
    const row = this.#rows.get(id) ?? this.#tables.series.allocate();
    this.#rows.set(id, row);
    return row;
  }
}

function idOf({ seriesIds, runSeries }: PackedBatch, run: number): string {
  const slot = runSeries[run] as number;
  return Buffer.from(seriesIds.subarray(8 * slot, 8 * slot + 8)).toString('hex');
}

function countOf(starts: Uint32Array, run: number): number {
  return (starts[run + 1] as number) - (starts[run] as number);
}

function isClose(score: number, other: number): boolean {
  return Math.abs(score - other) <= CLOSE * Math.max(1, Math.abs(score));
}
