/**
 * The instructions of the profile that need no story of their own: what they take, give and cost. Control, variables,
 * references and bulk operations are told in function-body.ts and metered-body.ts.
 *
 * Source: WebAssembly core specification 2.0, appendix "Index of Instructions".
 */
import { valueType } from './value-types.js'

export interface Instruction {
  params: readonly number[]
  results: readonly number[]
  fuel: number
  /** log2 of the natural alignment, for those with a memory argument. */
  align?: number
  /** Number of lanes, for those with a lane argument. */
  lanes?: number
  /** 16 bytes follow: a constant, or the lanes of a shuffle. */
  wide?: 'constant' | 'shuffle'
  /** What has to be done so that nobody sees the bits of a NaN that arithmetic made. */
  nan?: NanRole
}

/**
 * - `top32`, `top64`: the operand on top becomes visible, make it canonical before
 * - `result32`, `result64`: lanes of the result may be NaNs, make them canonical after
 * - `clean`: the result on top is a float that arithmetic did not make
 */
export type NanRole = 'top32' | 'top64' | 'result32' | 'result64' | 'clean'

const letters: Record<string, number> = {
  i: valueType.i32,
  l: valueType.i64,
  f: valueType.f32,
  d: valueType.f64,
  v: valueType.v128,
}

type Row = readonly [
  first: number,
  last: number,
  /** Operands and results, a letter each: i32, i64 (l), f32, f64 (d), v128. */
  signature: string,
  fuel: number,
  more?: Omit<Instruction, 'params' | 'results' | 'fuel'>,
]

function tableOf(rows: readonly Row[]): readonly (Instruction | undefined)[] {
  const table: (Instruction | undefined)[] = new Array(256).fill(undefined)
  for (const [first, last, signature, fuel, more] of rows) {
    const [params = '', results = ''] = signature.split(':')
    const typesOf = (text: string) => [...text].map((letter) => letters[letter] as number)
    const instruction = { params: typesOf(params), results: typesOf(results), fuel, ...more }
    for (let opcode = first; opcode <= last; opcode++) table[opcode] = instruction
  }
  return table
}

/** Costs are machine instructions, roughly. */
const load = 2
const store = 2
const divide = 15
const root = 12
const shuffle = 2
const lanes = 2

export const plainInstructions = tableOf([
  [0x28, 0x28, 'i:i', load, { align: 2 }],
  [0x29, 0x29, 'i:l', load, { align: 3 }],
  [0x2a, 0x2a, 'i:f', load, { align: 2, nan: 'clean' }],
  [0x2b, 0x2b, 'i:d', load, { align: 3, nan: 'clean' }],
  [0x2c, 0x2d, 'i:i', load, { align: 0 }],
  [0x2e, 0x2f, 'i:i', load, { align: 1 }],
  [0x30, 0x31, 'i:l', load, { align: 0 }],
  [0x32, 0x33, 'i:l', load, { align: 1 }],
  [0x34, 0x35, 'i:l', load, { align: 2 }],
  [0x36, 0x36, 'ii:', store, { align: 2 }],
  [0x37, 0x37, 'il:', store, { align: 3 }],
  [0x38, 0x38, 'if:', store, { align: 2, nan: 'top32' }],
  [0x39, 0x39, 'id:', store, { align: 3, nan: 'top64' }],
  [0x3a, 0x3a, 'ii:', store, { align: 0 }],
  [0x3b, 0x3b, 'ii:', store, { align: 1 }],
  [0x3c, 0x3c, 'il:', store, { align: 0 }],
  [0x3d, 0x3d, 'il:', store, { align: 1 }],
  [0x3e, 0x3e, 'il:', store, { align: 2 }],
  // Tests and comparisons.
  [0x45, 0x45, 'i:i', 1],
  [0x46, 0x4f, 'ii:i', 1],
  [0x50, 0x50, 'l:i', 1],
  [0x51, 0x5a, 'll:i', 1],
  [0x5b, 0x60, 'ff:i', 1],
  [0x61, 0x66, 'dd:i', 1],
  // i32: clz ctz popcnt, add sub mul, div rem, bits.
  [0x67, 0x69, 'i:i', 1],
  [0x6a, 0x6c, 'ii:i', 1],
  [0x6d, 0x70, 'ii:i', divide],
  [0x71, 0x78, 'ii:i', 1],
  // i64.
  [0x79, 0x7b, 'l:l', 1],
  [0x7c, 0x7e, 'll:l', 1],
  [0x7f, 0x82, 'll:l', divide],
  [0x83, 0x8a, 'll:l', 1],
  // f32: abs neg, roundings, sqrt, add sub mul, div, min max, copysign.
  [0x8b, 0x90, 'f:f', 1],
  [0x91, 0x91, 'f:f', root],
  [0x92, 0x94, 'ff:f', 1],
  [0x95, 0x95, 'ff:f', divide],
  [0x96, 0x97, 'ff:f', 3],
  [0x98, 0x98, 'ff:f', 2, { nan: 'top32' }],
  // f64.
  [0x99, 0x9e, 'd:d', 1],
  [0x9f, 0x9f, 'd:d', root],
  [0xa0, 0xa2, 'dd:d', 1],
  [0xa3, 0xa3, 'dd:d', divide],
  [0xa4, 0xa5, 'dd:d', 3],
  [0xa6, 0xa6, 'dd:d', 2, { nan: 'top64' }],
  // Conversions.
  [0xa7, 0xa7, 'l:i', 1],
  [0xa8, 0xa9, 'f:i', 3],
  [0xaa, 0xab, 'd:i', 3],
  [0xac, 0xad, 'i:l', 1],
  [0xae, 0xaf, 'f:l', 3],
  [0xb0, 0xb1, 'd:l', 3],
  [0xb2, 0xb3, 'i:f', 2, { nan: 'clean' }],
  [0xb4, 0xb5, 'l:f', 2, { nan: 'clean' }],
  [0xb6, 0xb6, 'd:f', 2],
  [0xb7, 0xb8, 'i:d', 2, { nan: 'clean' }],
  [0xb9, 0xba, 'l:d', 2, { nan: 'clean' }],
  [0xbb, 0xbb, 'f:d', 2],
  [0xbc, 0xbc, 'f:i', 1, { nan: 'top32' }],
  [0xbd, 0xbd, 'd:l', 1, { nan: 'top64' }],
  [0xbe, 0xbe, 'i:f', 1, { nan: 'clean' }],
  [0xbf, 0xbf, 'l:d', 1, { nan: 'clean' }],
  // Sign extensions.
  [0xc0, 0xc1, 'i:i', 1],
  [0xc2, 0xc4, 'l:l', 1],
])

/** After the prefix 0xfc: conversions that saturate. */
export const saturatingInstructions = tableOf([
  [0, 1, 'f:i', 4],
  [2, 3, 'd:i', 4],
  [4, 5, 'f:l', 4],
  [6, 7, 'd:l', 4],
])

/** After the prefix 0xfd. What is relaxed begins at 256, beyond the table. */
export const simdInstructions = tableOf([
  [0, 0, 'i:v', load, { align: 4 }],
  [1, 6, 'i:v', load + 1, { align: 3 }],
  [7, 7, 'i:v', load + 1, { align: 0 }],
  [8, 8, 'i:v', load + 1, { align: 1 }],
  [9, 9, 'i:v', load, { align: 2 }],
  [10, 10, 'i:v', load, { align: 3 }],
  [11, 11, 'iv:', store, { align: 4 }],
  [12, 12, ':v', 1, { wide: 'constant' }],
  [13, 13, 'vv:v', shuffle, { wide: 'shuffle' }],
  [14, 14, 'vv:v', shuffle],
  [15, 17, 'i:v', 2],
  [18, 18, 'l:v', 2],
  [19, 19, 'f:v', 2, { nan: 'top32' }],
  [20, 20, 'd:v', 2, { nan: 'top64' }],
  [21, 22, 'v:i', lanes, { lanes: 16 }],
  [23, 23, 'vi:v', lanes, { lanes: 16 }],
  [24, 25, 'v:i', lanes, { lanes: 8 }],
  [26, 26, 'vi:v', lanes, { lanes: 8 }],
  [27, 27, 'v:i', lanes, { lanes: 4 }],
  [28, 28, 'vi:v', lanes, { lanes: 4 }],
  [29, 29, 'v:l', lanes, { lanes: 2 }],
  [30, 30, 'vl:v', lanes, { lanes: 2 }],
  [31, 31, 'v:f', lanes, { lanes: 4, nan: 'clean' }],
  [32, 32, 'vf:v', lanes, { lanes: 4, nan: 'top32' }],
  [33, 33, 'v:d', lanes, { lanes: 2, nan: 'clean' }],
  [34, 34, 'vd:v', lanes, { lanes: 2, nan: 'top64' }],
  // Comparisons of i8x16, i16x8, i32x4, f32x4, f64x2.
  [35, 76, 'vv:v', 1],
  [77, 77, 'v:v', 1],
  [78, 81, 'vv:v', 1],
  [82, 82, 'vvv:v', 2],
  [83, 83, 'v:i', 2],
  [84, 84, 'iv:v', load + 1, { align: 0, lanes: 16 }],
  [85, 85, 'iv:v', load + 1, { align: 1, lanes: 8 }],
  [86, 86, 'iv:v', load + 1, { align: 2, lanes: 4 }],
  [87, 87, 'iv:v', load + 1, { align: 3, lanes: 2 }],
  [88, 88, 'iv:', store + 1, { align: 0, lanes: 16 }],
  [89, 89, 'iv:', store + 1, { align: 1, lanes: 8 }],
  [90, 90, 'iv:', store + 1, { align: 2, lanes: 4 }],
  [91, 91, 'iv:', store + 1, { align: 3, lanes: 2 }],
  [92, 92, 'i:v', load, { align: 2 }],
  [93, 93, 'i:v', load, { align: 3 }],
  [94, 94, 'v:v', 2, { nan: 'result32' }],
  [95, 95, 'v:v', 2, { nan: 'result64' }],
  // i8x16, with the roundings of floats between.
  [96, 98, 'v:v', 2],
  [99, 100, 'v:i', 2],
  [101, 102, 'vv:v', 1],
  [103, 106, 'v:v', 2, { nan: 'result32' }],
  [107, 109, 'vi:v', 3],
  [110, 115, 'vv:v', 1],
  [116, 117, 'v:v', 2, { nan: 'result64' }],
  [118, 121, 'vv:v', 1],
  [122, 122, 'v:v', 2, { nan: 'result64' }],
  [123, 123, 'vv:v', 1],
  [124, 127, 'v:v', 2],
  // i16x8.
  [128, 129, 'v:v', 1],
  [130, 130, 'vv:v', 2],
  [131, 132, 'v:i', 2],
  [133, 134, 'vv:v', 1],
  [135, 138, 'v:v', 1],
  [139, 141, 'vi:v', 2],
  [142, 147, 'vv:v', 1],
  [148, 148, 'v:v', 2, { nan: 'result64' }],
  [149, 153, 'vv:v', 1],
  [155, 159, 'vv:v', 2],
  // i32x4.
  [160, 161, 'v:v', 1],
  [163, 164, 'v:i', 2],
  [167, 170, 'v:v', 1],
  [171, 173, 'vi:v', 2],
  [174, 174, 'vv:v', 1],
  [177, 177, 'vv:v', 1],
  [181, 181, 'vv:v', 2],
  [182, 185, 'vv:v', 1],
  [186, 186, 'vv:v', 2],
  [188, 191, 'vv:v', 2],
  // i64x2.
  [192, 193, 'v:v', 1],
  [195, 196, 'v:i', 2],
  [199, 202, 'v:v', 1],
  [203, 205, 'vi:v', 2],
  [206, 206, 'vv:v', 1],
  [209, 209, 'vv:v', 1],
  [213, 213, 'vv:v', 6],
  [214, 219, 'vv:v', 2],
  [220, 223, 'vv:v', 2],
  // f32x4: abs neg, sqrt, add sub mul, div, min max, pmin pmax (these choose an operand: no NaN of their own).
  [224, 225, 'v:v', 1],
  [227, 227, 'v:v', root, { nan: 'result32' }],
  [228, 230, 'vv:v', 2, { nan: 'result32' }],
  [231, 231, 'vv:v', divide, { nan: 'result32' }],
  [232, 233, 'vv:v', 4, { nan: 'result32' }],
  [234, 235, 'vv:v', 2],
  // f64x2.
  [236, 237, 'v:v', 1],
  [239, 239, 'v:v', root, { nan: 'result64' }],
  [240, 242, 'vv:v', 2, { nan: 'result64' }],
  [243, 243, 'vv:v', divide, { nan: 'result64' }],
  [244, 245, 'vv:v', 4, { nan: 'result64' }],
  [246, 247, 'vv:v', 2],
  // Conversions of lanes.
  [248, 249, 'v:v', 4],
  [250, 251, 'v:v', 2],
  [252, 253, 'v:v', 4],
  [254, 255, 'v:v', 2],
])

/** What an opcode outside the profile belongs to, for the message. */
export function featureOf(opcode: number): string {
  if (opcode === 0x06 || opcode === 0x07 || opcode === 0x08 || opcode === 0x09 || opcode === 0x0a)
    return 'exceptions are'
  if (opcode >= 0x18 && opcode <= 0x1f) return 'exceptions are'
  if (opcode === 0x12 || opcode === 0x13 || opcode === 0x15) return 'tail calls are'
  if (opcode === 0x14 || (opcode >= 0xd3 && opcode <= 0xd6)) return 'typed function references are'
  if (opcode === 0xfb) return 'garbage-collected types are'
  if (opcode === 0xfe) return 'threads and atomics are'
  if (opcode >= 0xe0 && opcode <= 0xe6) return 'stack switching is'
  return `instruction 0x${opcode.toString(16)} is`
}
