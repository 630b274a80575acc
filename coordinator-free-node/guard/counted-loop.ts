/**
 * Recognises loops whose turns are known before the first, as compilers make them of `for` over an array. They are small
 * and run often, so that a charge and a branch in each turn would show; paid for all at once they cost nothing.
 *
 *     down, by clang:            loop  ...  i -= 1  br_if (i != 0) loop  end
 *     up, by AssemblyScript:     loop  if (i < bound)  ...  i += 1  br loop  end  end
 */
import { ByteReader } from './byte-reader.js'
import { skipImmediates } from './immediates.js'

export type CountedLoop =
  /** Turns until the local, less one each time, is zero: from zero, 2^32 times. */
  | { counts: 'down'; local: number }
  /** Turns while the local, one more each time, is below the bound, and begins once more. */
  | { counts: 'up'; local: number; bound: Operand; isSigned: boolean }

/** An instruction that gives a number: a local or a constant. */
export interface Operand {
  /** Undefined for a constant. */
  local: number | undefined
  /** Where it stands in the module. */
  from: number
  to: number
}

/**
 * Bytes that such a loop may have. It is an innermost one, and so short that all its turns together, 2^32 at most, cost a
 * hundredth of what the count can hold.
 */
const bodyBytesMax = 4096

const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  grow: 0x40,
  i32Const: 0x41,
  add: 0x6a,
  subtract: 0x6b,
  bulk: 0xfc,
} as const

const voidType = 0x40
/** `i32.lt_s`, `lt_u`, `gt_s`, `gt_u`. */
const less = { 72: true, 73: false } as Record<number, boolean | undefined>
const greater = { 74: true, 75: false } as Record<number, boolean | undefined>

/**
 * The loop is left only where it has counted to its end, and the numbers that it counts by change nowhere else in it. It
 * does not call or do what is paid for by its length: both have to find the count up to date.
 *
 * @param place  behind the instruction `loop` of a function that was checked; stays there
 * @returns undefined when this is another kind of loop
 */
export function recogniseCount({ bytes, at, end }: ByteReader): CountedLoop | undefined {
  if (bytes[at] !== voidType) return undefined
  const reader = new ByteReader(bytes, at + 1, end)
  const up = readHead(reader)
  const afterHead = up === undefined ? at + 1 : reader.at
  const found = findEnd(new ByteReader(bytes, afterHead, end), up)
  if (found === undefined) return undefined
  const { local, written } = found
  const bound = up?.bound.local
  if (written.has(local) || (bound !== undefined && written.has(bound))) return undefined
  return up ?? { counts: 'down', local }
}

/** `if (local < bound)`, either way round. */
function readHead(reader: ByteReader): (CountedLoop & { counts: 'up' }) | undefined {
  const first = readOperand(reader)
  const second = first && readOperand(reader)
  if (first === undefined || second === undefined) return undefined
  const comparison = reader.byte()
  const isLess = less[comparison]
  const isSigned = isLess ?? greater[comparison]
  if (isSigned === undefined || reader.byte() !== op.if || reader.byte() !== voidType)
    return undefined
  const [counted, bound] = isLess === undefined ? [second, first] : [first, second]
  const { local } = counted
  if (local === undefined || local === bound.local) return undefined
  return { counts: 'up', local, bound, isSigned }
}

function readOperand(reader: ByteReader): Operand | undefined {
  const from = reader.at
  const opcode = reader.byte()
  if (opcode === op.localGet) return { local: reader.u32(), from, to: reader.at }
  if (opcode !== op.i32Const) return undefined
  reader.s32()
  return { local: undefined, from, to: reader.at }
}

/**
 * Goes through the loop up to where it turns.
 *
 * @returns the local that it counts by, and those that are written before
 */
function findEnd(
  reader: ByteReader,
  up: { local: number } | undefined,
): { local: number; written: Set<number> } | undefined {
  const from = reader.at
  const written = new Set<number>()
  // Blocks that are open inside the loop or, counting up, inside its `if`.
  let nesting = 0
  while (reader.at - from < bodyBytesMax) {
    const opcode = reader.byte()
    switch (opcode) {
      case op.localGet: {
        const local = reader.u32()
        if (nesting > 0 || (up !== undefined && up.local !== local)) break
        if (isTurn(reader, local, up !== undefined)) return { local, written }
        break
      }
      case op.localSet:
      case op.localTee:
        written.add(reader.u32())
        break
      case op.block:
      case op.if:
        reader.s33()
        nesting++
        break
      case op.else:
        if (nesting === 0) return undefined
        break
      case op.end:
        if (nesting === 0) return undefined
        nesting--
        break
      case op.br:
      case op.brIf:
        if (reader.u32() >= nesting) return undefined
        break
      case op.unreachable:
      case op.loop:
      case op.brTable:
      case op.return:
      case op.call:
      case op.callIndirect:
      case op.grow:
      case op.bulk:
        return undefined
      default:
        skipImmediates(reader, opcode)
    }
  }
  return undefined
}

/** Whether the loop counts here, behind `local.get`, turns, and ends. */
function isTurn({ bytes, at, end }: ByteReader, local: number, isUp: boolean): boolean {
  const one = bytes[at + 1]
  const isOneMore = one === 0x01 && bytes[at + 2] === op.add
  const isOneLess =
    (one === 0x7f && bytes[at + 2] === op.add) || (one === 0x01 && bytes[at + 2] === op.subtract)
  if (bytes[at] !== op.i32Const || !(isUp ? isOneMore : isOneLess)) return false
  if (bytes[at + 3] !== (isUp ? op.localSet : op.localTee)) return false
  const reader = new ByteReader(bytes, at + 4, end)
  if (reader.u32() !== local) return false
  const rest = isUp ? [op.br, 1, op.end, op.end] : [op.brIf, 0, op.end]
  return rest.every((byte, i) => bytes[reader.at + i] === byte)
}
