/** Names of the Avro types that have no parts. */
export type AvroPrimitive =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string';

/** A field of a record schema. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc?: string;
  readonly default?: unknown;
}

/** A record schema; `name` is short and `namespace` stands on the outermost type only. */
export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

/** An enum schema with its default symbol. */
export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

/** A fixed schema; `size` in bytes. */
export interface AvroFixed {
  readonly type: 'fixed';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly size: number;
}

/** A type that other types can refer to by name. */
export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;

/** Any Avro schema as parsed JSON; a string that is no primitive refers to a named type. */
export type AvroSchema =
  | AvroPrimitive
  | (string & {})
  | AvroNamed
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | readonly AvroSchema[];

/** Namespace of every schema of the product. */
export const schemaNamespace = 'io.vigie';
