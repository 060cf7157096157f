import { PipelineError } from '../runtime/errors.ts';
import type { KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { Codec, DecodedRecord } from '../schemas/codec.ts';
import type { RecordName } from '../schemas/generated/record-types.ts';

/**
 * Decodes the current record of a kernel’s input as one of `expected`, or rejects it with its code.
 *
 * A record without value is rejected as `RECORD_EMPTY`. Anything but a `PipelineError` of the codec is a defect and
 * passes through.
 *
 * @returns the record, or `undefined` when it was rejected.
 */
export function decodeRecord<N extends RecordName>(
  codec: Codec,
  { value, index }: SlotReader,
  expected: readonly N[],
  output: Pick<KernelOutput, 'reject'>,
): DecodedRecord<N> | undefined {
  if (value === null) {
    output.reject(index, { code: 'RECORD_EMPTY', points: 0, detail: 'tombstone' });
    return undefined;
  }
  try {
    return codec.decode(value, expected);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    output.reject(index, { code: error.code, points: 0, detail: error.detail });
    return undefined;
  }
}
