import type { RecordName } from '../schemas/generated/record-types.ts';
import { schemaTexts } from '../schemas/generated/schema-texts.ts';

type Avro = string | readonly Avro[] | AvroObject;

interface AvroObject {
  readonly type: Avro;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Avro }[];
  readonly items?: Avro;
  readonly values?: Avro;
}

/**
 * Turns a decoded record into what JSON can hold: ids as hex, byte columns as base64, everything else as it is.
 *
 * Which is which stands in the schema: `fixed` is an id, `bytes` a column.
 */
export function recordJson(name: RecordName, value: unknown): unknown {
  const schema = JSON.parse(schemaTexts[name]) as AvroObject;
  return new JsonShape(schema).convert(schema, value);
}

class JsonShape {
  readonly #named = new Map<string, AvroObject>();

  constructor(schema: Avro) {
    this.#collect(schema);
  }

  convert(schema: Avro, value: unknown): unknown {
    if (value === null || value === undefined) return null;
    if (value instanceof Uint8Array)
      return Buffer.from(value).toString(this.#isFixed(schema) ? 'hex' : 'base64');
    if (Array.isArray(value)) {
      const items = this.#resolve(schema, 'array')?.items ?? 'null';
      return value.map((each) => this.convert(items, each));
    }
    if (typeof value !== 'object') return value;
    const record = this.#resolve(schema, 'record');
    const values = this.#resolve(schema, 'map')?.values ?? 'null';
    const typeOf = (key: string) =>
      record?.fields?.find((field) => field.name === key)?.type ?? values;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.convert(typeOf(key), each)]),
    );
  }

  #isFixed(schema: Avro): boolean {
    return this.#resolve(schema, 'fixed') !== undefined;
  }

  /** The branch of a schema that has the given type, through names and unions. */
  #resolve(schema: Avro, type: string): AvroObject | undefined {
    if (Array.isArray(schema)) {
      for (const branch of schema as readonly Avro[]) {
        const found = this.#resolve(branch, type);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (typeof schema === 'string') {
      const named = this.#named.get(shortName(schema));
      return named?.type === type ? named : undefined;
    }
    const object = schema as AvroObject;
    if (object.type === type) return object;
    return typeof object.type === 'string' ? undefined : this.#resolve(object.type, type);
  }

  #collect(schema: Avro): void {
    if (typeof schema === 'string') return;
    if (Array.isArray(schema)) {
      for (const branch of schema as readonly Avro[]) this.#collect(branch);
      return;
    }
    const object = schema as AvroObject;
    if (object.name !== undefined) this.#named.set(shortName(object.name), object);
    for (const field of object.fields ?? []) this.#collect(field.type);
    for (const inner of [
      object.items,
      object.values,
      typeof object.type === 'string' ? undefined : object.type,
    ]) {
      if (inner !== undefined) this.#collect(inner);
    }
  }
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
