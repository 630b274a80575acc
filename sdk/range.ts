import { GridError } from '../coordinator-free-node/protocol/errors.js'
import type { Range } from './types.js'

/**
 * Integers as inputs, without a list of them.
 *
 * @param start  first integer
 * @param end  where to stop, exclusive; not below `start`
 * @throws {GridError} MH_BOUNDS when they are no safe integers in this order
 * @example await grid.map(range(0, 3), (n) => n * n) // => [0, 1, 4]
 */
export function range(start: number, end: number): Range {
  const made = { kind: 'range', start, end } as const
  checkRange(made)
  return Object.freeze(made)
}

/** @throws {GridError} MH_BOUNDS */
export function checkRange({ start, end }: Range): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start <= end) return
  throw new GridError(
    'MH_BOUNDS',
    `range(${start}, ${end}): expected two integers, the smaller first`,
    {
      blame: 'user',
      hint: 'integers up to 2^53 - 1; for others map the integers to them in the kernel',
    },
  )
}

export function isRange(value: unknown): value is Range {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'range'
}
