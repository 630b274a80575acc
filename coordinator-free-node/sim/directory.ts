/**
 * The directory among liars: a Kademlia of many identities, as kad-dht walks it, with the rules of the core. Every
 * question is answered at once; what is measured is who gets into a table, and whether a record is found again.
 *
 * Source: Maymounkov and Mazieres, "Kademlia" (2002); Baumgart and Mies, "S/Kademlia" (2007) for the disjoint paths.
 */
import { nextFraction, nextUint32, type Random, sample, seedRandom } from '../core/kit/random.js'
import { subnetOf } from '../core/kit/subnets.js'
import { countIn, createCounts, hasRoom } from '../core/membership/diversity.js'
import { mergeAnswers } from '../core/membership/naming.js'
import { limits } from '../protocol/limits.js'

/** As kad-dht has them: peers of a bucket, bits of an id that choose one, questions at once, paths of a walk. */
const bucketMost = 20
const bucketBits = 6
const paths = 3
/** Contacts of each bucket that a node has come across before it asks for its own neighbourhood. */
const contactsPerBucket = 2
/** Names that a lookup gives to whoever asked for it, and those after which kad-dht by itself ends one. */
const namesMost = 64
const namesEnough = 20

export interface DirectoryCrowd {
  honest: number
  /** Hostile identities at diverse addresses: they know each other and lie alike. */
  hostile: number
  /** Hostile identities in one /24. */
  subnet: number
}

export const crowds = {
  '1,000 identities in one /24 beside 1,000 honest ones': {
    honest: 1_000,
    hostile: 0,
    subnet: 1_000,
  },
  '20 % of 1,000 identities hostile, at diverse addresses': {
    honest: 800,
    hostile: 200,
    subnet: 0,
  },
  'both: 1,250 at diverse addresses, 20 % hostile, and 1,000 in one /24': {
    honest: 1_000,
    hostile: 250,
    subnet: 1_000,
  },
} as const satisfies Record<string, DirectoryCrowd>

/** `plain`: kad-dht as it comes; `ours`: few of a subnet, every answer heard, a second walk. */
export type DirectoryRules = 'plain' | 'ours'

interface Node {
  id: number
  address: string
  hostile: boolean
  table: Node[]
  records: Set<Node>
}

export interface TableFigures {
  /** Entries of the /24 in one bucket and in one table, at most, over all honest nodes. */
  bucketMost: number
  tableMost: number
  /** Mean share of a table that is hostile. */
  hostileShare: number
}

export interface LookupFigures {
  lookups: number
  found: number
  /** Peers asked, a lookup. */
  asked: number
}

/** Fills the tables: hostile identities come first, which is the worst that can happen. */
export function buildDirectory(
  crowd: DirectoryCrowd,
  rules: DirectoryRules,
  random: Random,
): Node[] {
  const nodes: Node[] = []
  const add = (count: number, hostile: boolean, addressOf: (n: number) => string) => {
    for (let n = 0; n < count; n++) {
      const address = addressOf(n)
      const known = { table: [], records: new Set<Node>() }
      nodes.push({ id: nextUint32(random), address, hostile, ...known })
    }
  }
  const diverse = (first: number) => (n: number) =>
    `/ip4/${first + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.7/tcp/1/ws`
  add(crowd.subnet, true, (n) => `/ip4/203.0.113.${n & 255}/tcp/${1 + n}/ws`)
  add(crowd.hostile, true, diverse(20))
  add(crowd.honest, false, diverse(40))
  for (const node of nodes) if (!node.hostile) node.table = fillTable(node, nodes, rules, random)
  return nodes
}

function fillTable(
  self: Node,
  nodes: readonly Node[],
  rules: DirectoryRules,
  random: Random,
): Node[] {
  const table: Node[] = []
  const counts = createCounts<Node>()
  const sizes = new Map<number, number>()
  const add = (other: Node) => {
    const bucket = bucketOf(other)
    const size = sizes.get(bucket) ?? 0
    if (other === self || size >= bucketMost || table.includes(other)) return
    const subnet = subnetOf(other.address)
    if (rules === 'ours' && !hasRoom(counts, subnet, limits.tablePerSubnetMax)) return
    if (rules === 'ours') countIn(counts, other, subnet)
    sizes.set(bucket, size + 1)
    table.push(other)
  }
  // Liars introduce themselves to everybody, by their nearest first.
  for (const other of nodes) if (other.hostile && isInTouch(random)) add(other)
  const byBucket = new Map<number, Node[]>()
  for (const other of nodes)
    if (!other.hostile)
      byBucket.set(bucketOf(other), [...(byBucket.get(bucketOf(other)) ?? []), other])
  for (const others of byBucket.values())
    for (const other of sample(random, others, contactsPerBucket)) add(other)
  for (const other of nearest(nodes, self.id, bucketMost)) add(other)
  return table
}

/** A quarter of the liars find each honest node, which is four times as many as honest nodes find each other. */
function isInTouch(random: Random): boolean {
  return nextFraction(random) < 0.25
}

export function measureTables(nodes: readonly Node[]): TableFigures {
  const figures = { bucketMost: 0, tableMost: 0, hostileShare: 0 }
  const honest = nodes.filter(({ hostile }) => !hostile)
  for (const { table } of honest) {
    const crowd = table.filter(({ address }) => address.startsWith('/ip4/203.0.113.'))
    const buckets = new Map<number, number>()
    for (const node of crowd) buckets.set(bucketOf(node), (buckets.get(bucketOf(node)) ?? 0) + 1)
    figures.bucketMost = Math.max(figures.bucketMost, ...buckets.values())
    figures.tableMost = Math.max(figures.tableMost, crowd.length)
    figures.hostileShare += table.filter(({ hostile }) => hostile).length / table.length
  }
  figures.hostileShare /= honest.length
  return figures
}

/** Somebody provides a key, somebody else looks it up; again and again, each time another key and other nodes. */
export function measureLookups(
  nodes: readonly Node[],
  rules: DirectoryRules,
  lookups: number,
  random: Random,
): LookupFigures {
  const honest = nodes.filter(({ hostile }) => !hostile)
  const figures = { lookups, found: 0, asked: 0 }
  for (let i = 0; i < lookups; i++) {
    const key = nextUint32(random)
    const [provider, seeker] = sample(random, honest, 2) as [Node, Node]
    const { closest } = walk(nodes, provider, key, random)
    for (const node of closest) if (!node.hostile) node.records.add(provider)
    for (let tries = rules === 'ours' ? 2 : 1; tries > 0; tries--) {
      const { answered } = walk(nodes, seeker, key, random)
      figures.asked += answered.length
      if (!namesFrom(answered, nodes, key, rules).includes(provider)) continue
      figures.found++
      break
    }
    for (const node of closest) node.records.clear()
  }
  return figures
}

/** Whom the seeker hears of: all answers fairly, or the first twenty names. */
function namesFrom(
  answered: readonly Node[],
  nodes: readonly Node[],
  key: number,
  rules: DirectoryRules,
): Node[] {
  const liars = nearest(
    nodes.filter(({ hostile }) => hostile),
    key,
    namesEnough,
  )
  const answers = answered.map((node) => (node.hostile ? liars : [...node.records]))
  if (rules === 'ours') return mergeAnswers(answers, (node) => node.address + node.id, namesMost)
  return [...new Set(answers.flat())].slice(0, namesEnough)
}

/**
 * A walk towards a key over disjoint paths: each asks the nearest that it has heard of, until its nearest have answered.
 * A peer that one path has heard of is left to it; liars name each other, and honest peers at wrong addresses, so that
 * nobody asks those.
 */
function walk(nodes: readonly Node[], from: Node, key: number, random: Random) {
  const liars = nearest(
    nodes.filter(({ hostile }) => hostile),
    key,
    bucketMost / 2,
  )
  const victims = nearest(
    nodes.filter(({ hostile }) => !hostile),
    key,
    bucketMost / 2,
  )
  const start = nearest(from.table, key, bucketMost)
  const seen = new Set<Node>(start)
  const reached = new Set<Node>(from.table)
  const answered: Node[] = []
  const lanes = Array.from({ length: paths }, () => ({
    queue: [] as Node[],
    closest: [] as Node[],
  }))
  for (const [i, node] of sample(random, start, start.length).entries())
    lanes[i % paths]?.queue.push(node)
  for (let isActive = true; isActive; ) {
    isActive = false
    for (const { queue, closest } of lanes) {
      queue.sort((a, b) => distance(a.id, key) - distance(b.id, key))
      const next = queue.shift()
      if (next === undefined) continue
      isActive = true
      const worst = closest[bucketMost - 1]
      if (worst !== undefined && distance(next.id, key) >= distance(worst.id, key)) continue
      // Told of by a liar, at an address where nobody is.
      if (!reached.has(next)) continue
      answered.push(next)
      closest.push(next)
      closest.sort((a, b) => distance(a.id, key) - distance(b.id, key))
      closest.length = Math.min(closest.length, bucketMost)
      const told = next.hostile ? [...liars, ...victims] : nearest(next.table, key, bucketMost)
      for (const node of told) {
        if (node === from || seen.has(node)) continue
        if (distance(node.id, key) >= distance(next.id, key)) continue
        seen.add(node)
        if (!next.hostile || node.hostile) reached.add(node)
        queue.push(node)
      }
    }
  }
  return { answered, closest: nearest(answered, key, bucketMost) }
}

function nearest(nodes: readonly Node[], key: number, most: number): Node[] {
  return [...nodes].sort((a, b) => distance(a.id, key) - distance(b.id, key)).slice(0, most)
}

function distance(a: number, b: number): number {
  return (a ^ b) >>> 0
}

function bucketOf({ id }: Node): number {
  return id >>> (32 - bucketBits)
}

export interface DirectoryReport extends DirectoryCrowd {
  rules: DirectoryRules
  seed: number
  tables: TableFigures
  lookups: LookupFigures
}

/** @param seed  any integer; the same gives the same report */
export function simulateDirectory(
  crowd: DirectoryCrowd,
  rules: DirectoryRules,
  lookups: number,
  seed: number,
): DirectoryReport {
  const random = seedRandom(seed)
  const nodes = buildDirectory(crowd, rules, random)
  const tables = measureTables(nodes)
  return { ...crowd, rules, seed, tables, lookups: measureLookups(nodes, rules, lookups, random) }
}
