/** Bytes of an element of each type that a column of a table may have. */
export const columnWidths = {
  f64: 8,
  f32: 4,
  u32: 4,
  i32: 4,
  u16: 2,
  i16: 2,
  u8: 1,
  i8: 1,
} as const;

/** Type of a column’s elements. */
export type ColumnType = keyof typeof columnWidths;

/** All types, in the order in which a slab has its views. */
export const columnTypes = Object.keys(columnWidths) as readonly ColumnType[];

/** The typed arrays that a column may live in. */
export type ColumnView =
  | Float64Array<SharedArrayBuffer>
  | Float32Array<SharedArrayBuffer>
  | Uint32Array<SharedArrayBuffer>
  | Int32Array<SharedArrayBuffer>
  | Uint16Array<SharedArrayBuffer>
  | Int16Array<SharedArrayBuffer>
  | Uint8Array<SharedArrayBuffer>
  | Int8Array<SharedArrayBuffer>;
