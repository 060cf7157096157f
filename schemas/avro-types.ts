import avsc from 'avsc';
import { PipelineError } from '../runtime/errors.ts';

/** Returns the same bytes as a `Buffer`, without a copy. */
export function bufferOver(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Compiles a schema for bytes of unknown origin.
 *
 * Differs from avsc's own types in this: lengths and counts are held against the bytes that are left before anything is
 * allocated or looped over; `bytes` are read as views and may be written from any `Uint8Array`; an int beyond 32 bits and
 * a map with a key twice are refused; a long beyond 2^53 is rounded.
 *
 * @throws Error when the text is no Avro schema, or has an array whose items take no bytes (a count costs nothing there).
 */
export function compileSchema(schemaJson: string): avsc.Type {
  const schema = JSON.parse(schemaJson) as avsc.Schema;
  return avsc.Type.forSchema(schema, { typeHook: strictType, omitRecordMethods: true });
}

/** What the types below use of avsc’s reader, which it does not export. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  isValid(): boolean;
  readLong(): number;
  readString(): string;
  writeBytes(bytes: Buffer): void;
  writeFixed(bytes: Buffer, length: number): void;
}

/** The part of an avsc type (or resolver) that reads; avsc documents it only for logical types. */
interface Part {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

type TypeHook = NonNullable<NonNullable<Parameters<typeof avsc.Type.forSchema>[1]>['typeHook']>;
type TypeOptions = Parameters<TypeHook>[1];
type ErrorHook = ((value: unknown, type: unknown) => void) | undefined;

/** Puts the stricter types in the place of avsc’s own; everything else stays as it is. */
function strictType(schema: avsc.Schema, options: TypeOptions): avsc.Type | undefined {
  if (Array.isArray(schema)) {
    if (schema.length !== 2 || !(schema as readonly unknown[]).includes('null')) return undefined;
    return new NullableType(schema, options);
  }
  const typeName = typeof schema === 'string' ? schema : (schema as { type?: unknown }).type;
  switch (typeName) {
    case 'int':
      return new StrictIntType();
    case 'long':
      return new RoundedLongType();
    case 'bytes':
      return new ViewedBytesType();
    case 'fixed':
      return new PlainFixedType(schema, options);
    case 'array':
      return new BoundedArrayType(schema, options);
    case 'map':
      return new BoundedMapType(schema, options);
    default:
      return undefined;
  }
}

/** Refuses an int beyond 32 bits. */
class StrictIntType extends avsc.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readLong();
    if (value !== (value | 0)) throw new Error('an int is beyond 32 bits');
    return value;
  }
}

/** Rounds a long beyond 2^53 where avsc would throw: a bad timestamp is the business of whoever checks timestamps. */
class RoundedLongType extends avsc.types.LongType {
  _read(tap: Tap): number {
    const value = tap.readLong();
    if (!(Math.abs(value) <= 2 ** 63)) throw new Error('a long is beyond 64 bits');
    return value;
  }
}

/** Reads bytes as a view, writes any `Uint8Array`. */
class ViewedBytesType extends avsc.types.BytesType {
  _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    const fits = value instanceof Uint8Array;
    if (!fits) hook?.(value, this);
    return fits;
  }

  _read(tap: Tap): Buffer {
    const length = tap.readLong();
    const start = tap.pos;
    if (!(length >= 0 && length <= tap.buf.length - start)) throw new Error('bytes end too early');
    tap.pos = start + length;
    return tap.buf.subarray(start, tap.pos);
  }

  _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new Error('not bytes');
    tap.writeBytes(bufferOver(value));
  }
}

/** Writes any `Uint8Array` of the right size. */
class PlainFixedType extends avsc.types.FixedType {
  _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    const fits = value instanceof Uint8Array && value.length === this.size;
    if (!fits) hook?.(value, this);
    return fits;
  }

  _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array && value.length === this.size)) throw new Error('not fixed');
    tap.writeFixed(bufferOver(value), this.size);
  }
}

/** Reads arrays whose count fits the bytes that are left: every item takes at least one. */
class BoundedArrayType extends avsc.types.ArrayType {
  constructor(schema: avsc.Schema, options: TypeOptions) {
    super(schema, options);
    if (!takesBytes(this.itemsType)) throw new Error('an array of items without bytes');
  }

  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Part;
    const values: unknown[] = [];
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Part;
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) items._skip(tap);
    }
  }
}

/** Reads maps whose count fits the bytes that are left, each key once; `__proto__` is a key like any other. */
class BoundedMapType extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const items = this.valuesType as Part;
    const values: Record<string, unknown> = {};
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) putEntry(values, tap, items);
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.valuesType as Part;
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) {
        tap.readString();
        items._skip(tap);
      }
    }
  }
}

function putEntry(values: Record<string, unknown>, tap: Tap, items: Part): void {
  const key = tap.readString();
  if (!tap.isValid()) throw new Error('a map ends too early');
  if (Object.hasOwn(values, key)) throw new PipelineError('LABEL_DUPLICATE', `"${key}"`);
  const value = items._read(tap);
  if (key === '__proto__') {
    Object.defineProperty(values, key, { value, enumerable: true, writable: true });
  } else {
    values[key] = value;
  }
}

/** Reads the count of the next block of an array or map; a negative one is followed by a size, which is not trusted. */
function blockCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.readLong();
  }
  if (!(count <= tap.buf.length - tap.pos)) throw new Error('a count exceeds the bytes left');
  return count;
}

/** Writes null or the other branch, whatever kind of `Uint8Array` that is. */
class NullableType extends avsc.types.UnwrappedUnionType {
  _getIndex(value: unknown): number {
    const nullIndex = this.types[0]?.typeName === 'null' ? 0 : 1;
    return value === null ? nullIndex : 1 - nullIndex;
  }
}

function takesBytes(type: avsc.Type): boolean {
  if (type instanceof avsc.types.FixedType) return type.size > 0;
  if (type instanceof avsc.types.RecordType) {
    // A record still under construction refers to itself, and has an array, map or union on the way: those take bytes.
    const fields = type.fields as readonly avsc.types.Field[] | undefined;
    return fields === undefined || fields.some((field) => takesBytes(field.type));
  }
  return type.typeName !== 'null';
}
