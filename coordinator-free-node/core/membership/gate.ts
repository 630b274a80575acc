/**
 * Whom this node lets in: lists of peers, subnets, owners and tasks, asked before anything is spent on a stranger. One
 * machine for all who ask: the socket, the connection, and every step of the core.
 *
 * Several sources (options, the operator's commands, lists of others) add up: one denial is enough, and it beats every
 * allowance. Once any source allows something of a kind, nothing else of that kind passes.
 *
 * State owned here: `Gate`. Entries with an end are judged by the clock when they are asked about, so that nothing has
 * to happen for a denial to end. An allowance that has ended goes on keeping the others out: time opens no doors.
 */
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import type { ListEntry, ListSubject } from '../../protocol/lists.js'
import { type IpAddress, parseSubnet, prefixOf } from '../../protocol/subnet.js'

export interface ListSource {
  readonly entries: readonly ListEntry[]
  /** Kinds of which only what is allowed passes, even when no entry allows anything. */
  readonly only?: readonly ListSubject[] | undefined
}

/** Entries of one kind and verdict, to be found by what they are about. */
type Found = Map<string, ListEntry>
type Kind = Exclude<ListSubject, 'subnet'>

interface Side {
  readonly values: Record<Kind, Found>
  /** By the lengths of their prefixes: few are in use. */
  readonly subnets: Map<number, Found>
}

interface Compiled {
  readonly source: ListSource
  readonly deny: Side
  readonly allow: Side
  readonly only: ReadonlySet<ListSubject>
}

export interface Gate {
  readonly sources: Map<string, Compiled>
}

/** Why somebody is kept out. */
export interface Denial {
  /** Fit for the one who is denied: notes and names of lists are nobody's business. */
  reason: string
  /** Which source says so, for this node's own operator. */
  source: string
  note: string | undefined
  /** Wall clock; undefined: for good. */
  untilMs: number | undefined
}

export function createGate(sources: Readonly<Record<string, ListSource>> = {}): Gate {
  const gate: Gate = { sources: new Map() }
  for (const [name, source] of Object.entries(sources)) setSource(gate, name, source)
  return gate
}

/** Puts a source in the place of what it said before; undefined takes it away. */
export function setSource(gate: Gate, name: string, source: ListSource | undefined): void {
  if (source === undefined) gate.sources.delete(name)
  else gate.sources.set(name, compile(source))
}

function compile(source: ListSource): Compiled {
  const sides = { deny: emptySide(), allow: emptySide() }
  const only = new Set<ListSubject>(source.only)
  for (const entry of source.entries) {
    const { subject, verdict, value } = entry
    if (verdict === 'allow') only.add(subject)
    const side = sides[verdict]
    if (subject !== 'subnet') keepLongest(side.values[subject], value, entry)
    else addSubnet(side, entry)
  }
  return { source, only, ...sides }
}

function emptySide(): Side {
  return {
    values: { peer: new Map(), owner: new Map(), task: new Map() },
    subnets: new Map(),
  }
}

function addSubnet(side: Side, entry: ListEntry): void {
  const subnet = parseSubnet(entry.value)
  if (subnet === undefined) return
  const ofLength: Found = side.subnets.get(subnet.bits) ?? new Map()
  side.subnets.set(subnet.bits, ofLength)
  keepLongest(ofLength, prefixOf(subnet, subnet.bits), entry)
}

/** Of two entries about the same the one that lasts longer. */
function keepLongest(found: Found, key: string, entry: ListEntry): void {
  const before = found.get(key)
  if (before === undefined || endOf(before) < endOf(entry)) found.set(key, entry)
}

function endOf({ untilMs }: ListEntry): number {
  return untilMs ?? Number.POSITIVE_INFINITY
}

/** Whether a peer may be met at all: dialled, connected, remembered, introduced, served. */
export function denialOfPeer(gate: Gate, peer: PeerId, nowMs: number): Denial | undefined {
  return judge(gate, 'peer', ({ values }) => current(values.peer.get(peer), nowMs))
}

/** Whether anybody may be met at an internet address. */
export function denialOfAddress(gate: Gate, ip: IpAddress, nowMs: number): Denial | undefined {
  /** Of this address, by their lengths: many lists ask for the same. */
  const prefixes: string[] = []
  return judge(gate, 'subnet', ({ subnets }) => {
    for (const [bits, found] of subnets) {
      if (bits > 8 * ip.bytes.length) continue
      prefixes[bits] ??= prefixOf(ip, bits)
      const entry = current(found.get(prefixes[bits]), nowMs)
      if (entry !== undefined) return entry
    }
    return undefined
  })
}

/** Whether work of a requester may be done here. */
export function denialOfOwner(gate: Gate, owner: PeerId, nowMs: number): Denial | undefined {
  return judge(gate, 'owner', ({ values }) => current(values.owner.get(owner), nowMs))
}

/** Whether a task may be run for others. */
export function denialOfTask(gate: Gate, task: BlobHash, nowMs: number): Denial | undefined {
  return judge(gate, 'task', ({ values }) => current(values.task.get(task), nowMs))
}

function judge(
  gate: Gate,
  subject: ListSubject,
  find: (side: Side) => ListEntry | undefined,
): Denial | undefined {
  let closedBy: string | undefined
  let isAllowed = false
  for (const [name, { deny, allow, only }] of gate.sources) {
    const denied = find(deny)
    if (denied !== undefined) {
      const { note, untilMs } = denied
      return { reason: reasons[subject].denied, source: name, note, untilMs }
    }
    if (only.has(subject)) closedBy = name
    isAllowed ||= find(allow) !== undefined
  }
  if (closedBy === undefined || isAllowed) return undefined
  return { reason: reasons[subject].others, source: closedBy, note: undefined, untilMs: undefined }
}

function current(entry: ListEntry | undefined, nowMs: number): ListEntry | undefined {
  return entry !== undefined && endOf(entry) > nowMs ? entry : undefined
}

const reasons = {
  peer: {
    denied: 'this node does not deal with that peer',
    others: 'this node deals with certain peers only',
  },
  subnet: {
    denied: 'this node does not deal with that address',
    others: 'this node deals with certain addresses only',
  },
  owner: {
    denied: 'this node takes no work of this owner',
    others: 'this node takes work of certain owners only',
  },
  task: {
    denied: 'this node does not run this task',
    others: 'this node runs certain tasks only',
  },
} as const satisfies Record<ListSubject, { denied: string; others: string }>

/** When an allowance ends next, after which somebody may have to go; Infinity when none does. */
export function nextAllowanceEndMs(gate: Gate, nowMs: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const { source } of gate.sources.values())
    for (const entry of source.entries)
      if (entry.verdict === 'allow' && endOf(entry) > nowMs) next = Math.min(next, endOf(entry))
  return next
}
