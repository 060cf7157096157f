/** Bytes before the Avro body: 0x00 and the schema id. */
export const frameBytes = 5;

/**
 * Reads the schema id of a framed value (0x00, then the id as u32 big-endian), or returns undefined when it has no frame.
 */
export function frameSchemaId(value: Uint8Array): number | undefined {
  if (value.length < frameBytes || value[0] !== 0) return undefined;
  const [, a = 0, b = 0, c = 0, d = 0] = value.subarray(0, frameBytes);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
