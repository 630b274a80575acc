/**
 * Values that fit a schema of the wire, drawn from the schema itself: a message that is added to the protocol is fuzzed
 * from its first day. Well formed is all that they are.
 */

import { bytesSchema } from '../../dist/coordinator-free-node/protocol/bytes.js'
import {
  blobHashSchema,
  jobIdSchema,
  peerIdSchema,
} from '../../dist/coordinator-free-node/protocol/ids.js'
import { sealedSchema } from '../../dist/coordinator-free-node/protocol/seal.js'
import { unitRunsSchema } from '../../dist/coordinator-free-node/protocol/unit-runs.js'

/** Longest array and text that a draw makes by itself; what has a bound of its own is sometimes drawn up to it. */
const usualMost = 6
const largeMost = 600

/** What draws refer to, so that messages are about the same few jobs, leases and peers. */
export class Surroundings {
  /** @param {{ peers: string[], jobs: string[], hashes: string[], leases: number[], runs: [number, number][][], seal: (dice) => object }} known */
  constructor(known) {
    Object.assign(this, known)
  }
}

/**
 * @param {object} schema  of zod
 * @param {import('./dice.mjs').Dice} dice
 * @param {Surroundings} around
 */
export function makeValue(schema, dice, around) {
  switch (schema) {
    case peerIdSchema:
      return dice.pick(around.peers)
    case jobIdSchema:
      return dice.pick(around.jobs)
    case blobHashSchema:
      return dice.pick(around.hashes)
    case sealedSchema:
      return around.seal(dice)
    case unitRunsSchema:
      return around.runs.length > 0 && !dice.oneIn(3) ? dice.pick(around.runs) : makeRuns(dice)
    case bytesSchema:
      return makeBytes(dice)
  }
  const { def } = schema._zod
  switch (def.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(def.shape)
          .filter(([, field]) => field._zod.def.type !== 'optional' || dice.oneIn(2))
          .map(([name, field]) => [name, makeField(name, field, dice, around)]),
      )
    case 'union':
      return makeValue(dice.pick(def.options), dice, around)
    case 'literal':
      return dice.pick(def.values)
    case 'enum':
      return dice.pick(Object.values(def.entries))
    case 'array': {
      const { maximum = usualMost } = boundsOf(schema)
      const most = dice.oneIn(12) ? Math.min(maximum, largeMost) : Math.min(maximum, usualMost)
      return Array.from({ length: dice.below(most + 1) }, () =>
        makeValue(def.element, dice, around),
      )
    }
    case 'tuple':
      return def.items.map((item) => makeValue(item, dice, around))
    case 'number':
      return makeNumber(boundsOf(schema), dice)
    case 'string':
      return makeText(boundsOf(schema), dice)
    case 'boolean':
      return dice.oneIn(2)
    case 'custom':
      return makeBytes(dice)
    case 'optional':
    case 'nullable':
    case 'default':
    case 'readonly':
      return makeValue(def.innerType, dice, around)
    case 'pipe':
      return makeValue(def.in, dice, around)
    default:
      return dice.pick([null, 7, 'x', [1, [2]], { a: { b: 1 } }])
  }
}

/** Leases are about each other more often than chance would have it. */
function makeField(name, schema, dice, around) {
  if (name === 'lease' && !dice.oneIn(4)) return dice.pick(around.leases)
  if (name === 'leases' && !dice.oneIn(4))
    return Array.from({ length: dice.below(4) }, () => dice.pick(around.leases))
  if (name === 'addresses') return makeAddresses(dice)
  return makeValue(schema, dice, around)
}

export function makeAddresses(dice) {
  const hosts = ['127.0.0.1', '203.0.113.7', '10.1.2.3', '0.0.0.0', '255.255.255.255', 'x', '::1']
  const forms = [
    (host) => `/ip4/${host}/tcp/${dice.below(70_000)}/ws`,
    (host) => `/ip6/${host}/tcp/1/ws`,
    (host) => `/dns4/${host}.invalid/tcp/1/ws`,
    () => 'good morning',
    () => '/',
    () => '/ip4/127.0.0.1/tcp/1/ws/p2p/12D3KooW',
    () => '/ip6zone/x/ip6/fe80::1/tcp/1/ws',
  ]
  return Array.from({ length: dice.below(4) }, () => dice.pick(forms)(dice.pick(hosts)))
}

function makeRuns(dice) {
  const runs = []
  let at = dice.oneIn(20) ? 2 ** 48 - 50 : dice.below(12)
  for (let left = 1 + dice.below(dice.oneIn(10) ? 40 : 3); left > 0; left--) {
    const count = 1 + dice.below(dice.oneIn(20) ? 90 : 4)
    if (at > 2 ** 48) break
    runs.push([at, count])
    at += count + dice.below(3)
  }
  return runs
}

export function makeBytes(dice, lengths = [0, 1, 16, 32, 64, 65, 3_000]) {
  return Uint8Array.from({ length: dice.pick(lengths) }, () => dice.below(256))
}

/** What the checks of a number, a text or a list ask for. */
function boundsOf({ _zod: { def } }) {
  const bounds = {}
  for (const { _zod: check } of def.checks ?? []) {
    const { check: kind, value, format, maximum } = check.def
    if (kind === 'greater_than') bounds.minimum = value
    if (kind === 'less_than') bounds.maximum = value
    if (kind === 'number_format') bounds.isInt = true
    if (kind === 'max_length') bounds.maximum = maximum
    if (kind === 'string_format') bounds.format = format
  }
  return bounds
}

function makeNumber({ minimum, maximum, isInt }, dice) {
  const least = minimum ?? -Number.MAX_SAFE_INTEGER
  const most = maximum ?? Number.MAX_SAFE_INTEGER
  const edges = [least, most, 0, 1, 2].filter((n) => n >= least && n <= most)
  if (dice.oneIn(4)) return dice.pick(edges)
  const value = Math.max(least, 0) + dice.below(dice.oneIn(4) ? 2 ** 31 : 12)
  return Math.min(most, isInt ? value : value + 0.5)
}

function makeText({ maximum = usualMost, format }, dice) {
  if (format !== undefined && !dice.oneIn(6)) return 'abcdefgh'
  const letters = ['a', 'Z', '0', ' ', '\n', '\u0000', 'é', '\u202e', '😀', '\ud800', '%', '"']
  const most = dice.oneIn(10) ? maximum : Math.min(maximum, usualMost)
  return Array.from({ length: dice.below(most + 1) }, () => dice.pick(letters)).join('')
}

/** Anything that could stand where something else should. */
export function makeAnything(dice, depth = 2) {
  switch (dice.below(depth > 0 ? 22 : 18)) {
    case 0:
      return null
    case 1:
      return undefined
    case 2:
      return dice.oneIn(2)
    case 3:
      return dice.number()
    case 4:
      return dice.pick([2 ** 53, -(2 ** 53), 1e308, 5e-324, 2 ** 64, -0, 0.1])
    case 5:
      return dice.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    case 6:
      return dice.pick([2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, 12n])
    case 7:
      return dice.pick(['', 'hello', '__proto__', 'constructor', '\ud800', 'length'])
    case 8:
      return 'x'.repeat(dice.pick([31, 32, 255, 256, 501, 65_536]))
    case 9:
      return makeBytes(dice)
    case 10:
      return new Date(dice.pick([0, -1, 1e15, Number.NaN]))
    case 11:
      return new Set([1, 'a'])
    case 12:
      return new Map([
        [1, 2],
        ['__proto__', 3],
      ])
    case 13:
      return dice.pick([new Float64Array(3), new Uint16Array(2), new BigInt64Array(1)])
    case 14:
      return dice.pick([/a+$/g, new Error('boo'), new RangeError('boo')])
    case 15:
      return []
    case 16:
      return {}
    case 17:
      return new Uint8Array(dice.pick([100_000, 64, 32, 1])).fill(dice.below(256))
    case 18:
      return Array.from({ length: dice.below(6) }, () => makeAnything(dice, depth - 1))
    case 19:
      return Array.from({ length: dice.pick([100, 5_000]) }, () => dice.pick([-1, null, 'a', 0.5]))
    case 20:
      return { type: makeAnything(dice, depth - 1), hello: makeAnything(dice, depth - 1) }
    default:
      return nest(dice.pick([3, 20, 100, 400]), dice.oneIn(2))
  }
}

function nest(depth, isArray) {
  let value = isArray ? [] : {}
  for (let i = 0; i < depth; i++) value = isArray ? [value] : { a: value }
  return value
}
