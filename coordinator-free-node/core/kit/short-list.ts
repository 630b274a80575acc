/**
 * Lists of one or two items, of which a node has as many as units under way: changed by putting another in their place,
 * so that many units share one. `push` would make room for sixteen in each.
 */

export const none: readonly never[] = []

/** @returns a list with one more item, which takes no more memory than it must */
export function plus<T>(list: readonly T[], item: T): readonly T[] {
  return list.length === 0 ? [item] : list.concat([item])
}

/** @returns a list without an item */
export function minus<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 1) return list[0] === item ? none : list
  return list.filter((other) => other !== item)
}
