import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundledModels } from '../../models/onnx-ensemble.ts';
import { schemaTexts } from '../../schemas/generated/schema-texts.ts';
import { builtPeer } from './streams-build.ts';

const run = promisify(execFile);
const LIMIT_MS = 240_000;
const POINT_BYTES = 9;
const EVENT_BYTES = 17;
const phases = ['OPEN', 'UPDATE', 'CLOSE'] as const;

/** A change of an episode, as the peer tells it. */
export interface PeerEvent {
  /** Id of the series, hex. */
  readonly series: string;
  readonly phase: (typeof phases)[number];
  readonly ms: number;
}

/** What the peer said of batches: a score and an onset per point, in their order, and the changes of episodes. */
export interface Replayed {
  readonly scores: Float64Array;
  readonly onsets: Uint8Array;
  readonly events: readonly PeerEvent[];
}

/** Has the Java peer score framed `SeriesBatch` records without Kafka. @param folder where it may write files. */
export async function replayPeer(
  records: readonly Uint8Array[],
  schemaId: number,
  folder: string,
): Promise<Replayed> {
  const classes = await builtPeer();
  const schema = join(folder, 'series-batch.json');
  const input = join(folder, 'batches');
  const output = join(folder, 'scores');
  await writeFile(schema, schemaTexts.SeriesBatch);
  await writeFile(input, Buffer.concat(records.flatMap((record) => [lengthOf(record), record])));
  const main = ['-cp', `${classes}/*`, 'vigie.peer.detect.Replay'];
  const args = [bundledModels(), schema, String(schemaId), '0', input, output];
  await run('java', [...main, ...args], { timeout: LIMIT_MS });
  return { ...pointsOf(await readFile(output)), events: await eventsOf(`${output}.episodes`) };
}

function lengthOf(record: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(record.length);
  return length;
}

function pointsOf(bytes: Buffer): Pick<Replayed, 'scores' | 'onsets'> {
  const count = bytes.length / POINT_BYTES;
  const scores = new Float64Array(count);
  const onsets = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    scores[i] = bytes.readDoubleBE(i * POINT_BYTES);
    onsets[i] = bytes.readUInt8(i * POINT_BYTES + 8);
  }
  return { scores, onsets };
}

async function eventsOf(file: string): Promise<PeerEvent[]> {
  const bytes = await readFile(file);
  return Array.from({ length: bytes.length / EVENT_BYTES }, (_, i) => {
    const at = i * EVENT_BYTES;
    return {
      series: bytes.toString('hex', at, at + 8),
      phase: phases[bytes.readUInt8(at + 8)] ?? 'OPEN',
      ms: bytes.readDoubleBE(at + 9),
    };
  });
}
