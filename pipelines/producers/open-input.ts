import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PipelineError } from '../../runtime/errors.ts';

/**
 * Reads a file piece by piece, unpacked if its name ends in `.gz`.
 *
 * @throws PipelineError `INPUT_UNREADABLE` (fate: stop) while reading, if the file cannot be opened or read to its end,
 *   or is not sound gzip; what came before was given.
 */
export async function* openInput(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const gunzip = path.endsWith('.gz') ? createGunzip() : undefined;
  // `pipeline` carries faults of the file over to the reader and closes both ends.
  const piped = gunzip === undefined ? undefined : pipeline(file, gunzip).catch(() => undefined);
  try {
    yield* gunzip ?? file;
  } catch (cause) {
    throw new PipelineError('INPUT_UNREADABLE', `${path}: ${(cause as Error).message}`, { cause });
  } finally {
    (gunzip ?? file).destroy();
    await piped;
  }
}
