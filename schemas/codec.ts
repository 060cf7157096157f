import type avsc from 'avsc';
import { PipelineError } from '../runtime/errors.ts';
import { schemaNamespace } from './avro-schema.ts';
import { bufferOver, compileSchema } from './avro-types.ts';
import { frameBytes, frameSchemaId } from './frame.ts';
import type { RecordName, RecordTypes } from './generated/record-types.ts';
import { schemaTexts } from './generated/schema-texts.ts';

/** The schema id of every record, as the registry gave it. */
export type SchemaIds = Readonly<Record<RecordName, number>>;

/** A decoded record with its name, for a `switch`; `schemaId` is the writer’s. */
export type DecodedRecord<N extends RecordName = RecordName> = {
  [K in N]: { readonly name: K; readonly value: RecordTypes[K]; readonly schemaId: number };
}[N];

/** How records of one schema id are read: as which record, through which resolver, or why not at all. */
interface Reading {
  readonly name: RecordName | undefined;
  readonly resolver: Resolver | undefined;
  readonly fault: string | undefined;
}

type Resolver = ReturnType<avsc.Type['createResolver']>;

const SCRATCH_BYTES = 256 * 1024;
/** The scratch grows to what one record takes, up to this. */
const MOST_SCRATCH_BYTES = 32 * 1024 * 1024;

/**
 * Turns records into framed Avro and back.
 *
 * Types are compiled once, at construction. Synchronous and safe on hostile bytes: work and memory stay linear in the
 * length of the value, whatever counts and lengths it claims.
 */
export class Codec {
  readonly #ids: SchemaIds;
  readonly #types = new Map<RecordName, avsc.Type>();
  readonly #readings = new Map<number, Reading>();
  #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  constructor(ids: SchemaIds) {
    this.#ids = ids;
    for (const name of Object.keys(schemaTexts) as RecordName[]) {
      this.#types.set(name, compileSchema(schemaTexts[name]));
      this.#readings.set(ids[name], { name, resolver: undefined, fault: undefined });
    }
  }

  /**
   * Encodes a record with its frame into a buffer of its own.
   *
   * Fields left `undefined` take their default where the schema has one.
   *
   * @throws TypeError naming the field when the value does not fit the schema: a defect of the caller.
   */
  encode<N extends RecordName>(name: N, value: RecordTypes[N]): Buffer {
    return Buffer.from(this.encodeView(name, value));
  }

  /**
   * Encodes a record with its frame into memory that the next encoding uses again: for whoever copies it at once.
   *
   * @throws TypeError as `encode`.
   */
  encodeView<N extends RecordName>(name: N, value: RecordTypes[N]): Buffer {
    const type = this.#type(name);
    let out = this.#scratch;
    let end = this.#encodeInto(type, name, value, out);
    if (end < 0) {
      const needed = out.length - end;
      out = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, MOST_SCRATCH_BYTES)));
      if (out.length <= MOST_SCRATCH_BYTES) this.#scratch = out;
      end = this.#encodeInto(type, name, value, out);
    }
    return this.#framed(name, out.subarray(0, end));
  }

  /**
   * Decodes a framed record whose name is one of `expected`.
   *
   * `bytes` fields are views of `framed` and live as long as it does; `fixed` fields and texts are copies. A long beyond
   * 2^53 comes out rounded, so that range checks see it.
   *
   * @param framed may view a `SharedArrayBuffer`.
   * @throws PipelineError `RECORD_NOT_AVRO` without frame, `SCHEMA_UNKNOWN_ID` for an id never learnt,
   *   `SCHEMA_INCOMPATIBLE` for a writer schema that cannot be read, `RECORD_TYPE` for another record,
   *   `RECORD_TRUNCATED` when the bytes do not fit the writer’s schema, `LABEL_DUPLICATE` for a map with a key twice;
   *   all of fate deadLetter.
   */
  decode<N extends RecordName>(framed: Uint8Array, expected: readonly N[]): DecodedRecord<N> {
    const schemaId = frameSchemaId(framed);
    if (schemaId === undefined) throw new PipelineError('RECORD_NOT_AVRO');
    const reading = this.#readings.get(schemaId);
    if (reading === undefined) throw new PipelineError('SCHEMA_UNKNOWN_ID', `id ${schemaId}`);
    const { name, resolver, fault } = reading;
    if (fault !== undefined) {
      throw new PipelineError('SCHEMA_INCOMPATIBLE', `id ${schemaId}: ${fault}`);
    }
    if (name === undefined || !(expected as readonly RecordName[]).includes(name)) {
      const found = name ?? `schema id ${schemaId}`;
      throw new PipelineError('RECORD_TYPE', `expected ${expected.join(' or ')}, found ${found}`);
    }
    const value = decodeBody(this.#type(name), bufferOver(framed), resolver);
    return { name, value, schemaId } as unknown as DecodedRecord<N>;
  }

  /** Tells whether records with this schema id were learnt, readable or not. */
  knows(schemaId: number): boolean {
    return this.#readings.has(schemaId);
  }

  /**
   * Learns a writer schema from a registry, so that `decode` reads its records as the current ones.
   *
   * Never throws: a text that is no Avro, or cannot be read by the current schema, is learnt as such, and `decode`
   * gives the code. The resolver is built here, once per id.
   */
  learn(schemaId: number, schemaJson: string): void {
    this.#readings.set(schemaId, this.#readingOf(schemaJson));
  }

  #readingOf(schemaJson: string): Reading {
    let name: RecordName | undefined;
    try {
      const writer = compileSchema(schemaJson);
      name = recordNameOf(writer.name);
      if (name === undefined) return { name, resolver: undefined, fault: undefined };
      return { name, resolver: this.#type(name).createResolver(writer), fault: undefined };
    } catch (error) {
      return { name, resolver: undefined, fault: messageOf(error) };
    }
  }

  #type(name: RecordName): avsc.Type {
    const type = this.#types.get(name);
    if (type === undefined) throw new TypeError(`no schema named ${name}`);
    return type;
  }

  #encodeInto(type: avsc.Type, name: RecordName, value: unknown, out: Buffer): number {
    try {
      return type.encode(value, out, frameBytes);
    } catch (error) {
      throw new TypeError(`cannot encode ${name}: ${faultPath(type, value)}`, { cause: error });
    }
  }

  #framed(name: RecordName, bytes: Buffer): Buffer {
    bytes[0] = 0;
    bytes.writeUInt32BE(this.#ids[name], 1);
    return bytes;
  }
}

function decodeBody(type: avsc.Type, bytes: Buffer, resolver: Resolver | undefined): unknown {
  let decoded: { readonly value: unknown; readonly offset: number };
  try {
    decoded = type.decode(bytes, frameBytes, resolver);
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    throw new PipelineError('RECORD_TRUNCATED', messageOf(error), { cause: error });
  }
  if (decoded.offset < 0) throw new PipelineError('RECORD_TRUNCATED', 'ends too early');
  const trailing = bytes.length - decoded.offset;
  if (trailing > 0) throw new PipelineError('RECORD_TRUNCATED', `${trailing} bytes after its end`);
  return decoded.value;
}

function recordNameOf(fullName: string | undefined): RecordName | undefined {
  if (fullName?.startsWith(`${schemaNamespace}.`) !== true) return undefined;
  const name = fullName.slice(schemaNamespace.length + 1);
  return Object.hasOwn(schemaTexts, name) ? (name as RecordName) : undefined;
}

function faultPath(type: avsc.Type, value: unknown): string {
  let fault = 'the value does not fit';
  type.isValid(value, {
    errorHook: (path, _value, at) => {
      fault = `${path.join('.') || 'value'} is no ${at.branchName ?? at.typeName}`;
    },
  });
  return fault;
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
