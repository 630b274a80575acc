/**
 * How many peers of one public subnet have a place in a table: so many names as somebody makes up in one /24, they are
 * few to everybody else. One rule for the book of known peers, the neighbours, and the directory's routing table.
 */

/** What is known to be in a table, counted by subnet; those without one are not counted, and have no bound. */
export interface SubnetCounts<Key> {
  readonly of: Map<Key, string>
  /** In the order in which they came. */
  readonly members: Map<string, Set<Key>>
}

export function createCounts<Key>(): SubnetCounts<Key> {
  return { of: new Map(), members: new Map() }
}

/** Notes that a key lies in a subnet, now the newest there; undefined: in none. */
export function countIn<Key>(
  counts: SubnetCounts<Key>,
  key: Key,
  subnet: string | undefined,
): void {
  countOut(counts, key)
  if (subnet === undefined) return
  counts.of.set(key, subnet)
  const members = counts.members.get(subnet)
  if (members === undefined) counts.members.set(subnet, new Set([key]))
  else members.add(key)
}

export function countOut<Key>(counts: SubnetCounts<Key>, key: Key): void {
  const subnet = counts.of.get(key)
  if (subnet === undefined) return
  counts.of.delete(key)
  const members = counts.members.get(subnet)
  members?.delete(key)
  if (members?.size === 0) counts.members.delete(subnet)
}

/** Whether a table takes one more of a subnet, which is not in it yet. */
export function hasRoom<Key>(
  { members }: SubnetCounts<Key>,
  subnet: string | undefined,
  most: number,
): boolean {
  return subnet === undefined || (members.get(subnet)?.size ?? 0) < most
}

/** The one of a subnet that came first; undefined when the subnet is within its bound. */
export function surplusIn<Key>(
  { members }: SubnetCounts<Key>,
  subnet: string | undefined,
  most: number,
): Key | undefined {
  const all = subnet === undefined ? undefined : members.get(subnet)
  return all !== undefined && all.size > most ? all.values().next().value : undefined
}
