/** Value types by their byte in the binary format. */
export const valueType = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const

/** Of operands in code that is never reached: fits everything. */
export const anyType = 0

const names = new Map<number, string>(Object.entries(valueType).map(([name, byte]) => [byte, name]))

export function isValueType(byte: number): boolean {
  return names.has(byte)
}

export function isReference(type: number): boolean {
  return type === valueType.funcref || type === valueType.externref
}

export function nameOfType(type: number): string {
  return names.get(type) ?? 'anything'
}

export function typesNamed(types: Iterable<string>): Uint8Array {
  return Uint8Array.from(types, (name) => valueType[name as keyof typeof valueType] ?? anyType)
}
