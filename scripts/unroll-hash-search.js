/**
 * Writes tasks/kernels/hash-search/assembly/lanes.ts: the 2 x 61 rounds of a double SHA-256 of four headers, written
 * out. Whatever does not depend on the nonce is summed once: by this script where it never changes (a table of fixed
 * constants), in `prepare` where it changes with the job (a table of given ones). `npm run build:kernels` runs it.
 *
 * A value is `{ fixed: number }`, `{ given: expression }` (scalar, known in `prepare`) or `{ vector: expression }`.
 */
const letters = 'abcdefgh'
const firstPrimes = primes(64)
const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32) >>> 0
const initial = firstPrimes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const rounds = firstPrimes.map((prime) => fraction(Math.cbrt(prime)))

function primes(count) {
  const found = []
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n)
  return found
}

const turn = (x, bits) => (x >>> bits) | (x << (32 - bits))
const scalar = {
  sum0: (x) => turn(x, 2) ^ turn(x, 13) ^ turn(x, 22),
  sum1: (x) => turn(x, 6) ^ turn(x, 11) ^ turn(x, 25),
  sigma0: (x) => turn(x, 7) ^ turn(x, 18) ^ (x >>> 3),
  sigma1: (x) => turn(x, 17) ^ turn(x, 19) ^ (x >>> 10),
  choose: (x, y, z) => z ^ (x & (y ^ z)),
  majority: (x, y, z) => (x & y) | (z & (x | y)),
}
const hex = (x) => `0x${(x >>> 0).toString(16).padStart(8, '0')}`

/** Collects both tables, the lines of `prepare` and those of `scan`. */
const fixedTable = []
const givenTable = []
const prepareLines = []
const scanLines = []

function slotOf(table, value) {
  const index = table.indexOf(value)
  return 4 * (index >= 0 ? index : table.push(value) - 1)
}

function asVector(value) {
  if ('fixed' in value) return `fixed(${slotOf(fixedTable, value.fixed >>> 0)})`
  if ('given' in value) return `given(${slotOf(givenTable, value.given)})`
  return value.vector
}

function sumOf(...values) {
  const fixed = values.reduce((sum, value) => (sum + (value.fixed ?? 0)) >>> 0, 0)
  const given = values.filter((value) => 'given' in value).map((value) => value.given)
  const vectors = values.filter((value) => 'vector' in value)
  if (given.length > 0 && fixed !== 0) given.push(hex(fixed))
  const known = given.length > 0 ? { given: given.join(' + ') } : { fixed }
  if (vectors.length === 0) return known
  const terms = known.fixed === 0 ? vectors : [known, ...vectors]
  return { vector: terms.map(asVector).reduce((sum, term) => `add(${sum}, ${term})`) }
}

function applied(name, value) {
  if ('fixed' in value) return { fixed: scalar[name](value.fixed) >>> 0 }
  if ('given' in value) return { given: `${name}(${value.given})` }
  return { vector: `${name}4(${value.vector})` }
}

/** Keeps a vector in a local; what is known needs none. */
function keep(local, value) {
  if (!('vector' in value)) return value
  scanLines.push(`${local} = ${value.vector}`)
  return { vector: local }
}

function keepGiven(local, value) {
  if (!('given' in value)) return value
  prepareLines.push(`const ${local} = ${value.given}`)
  return { given: local }
}

function nextWord(words, round) {
  const at = (back) => words[(round - back) & 15]
  const sum = sumOf(applied('sigma1', at(2)), at(7), applied('sigma0', at(15)), at(16))
  return keepGiven(`s${round}`, keep(`w${round & 15}`, sum))
}

/** The two sums of a round whose state is known beforehand, without its word. */
function knownSums([a, b, c, , e, f, g, h], round) {
  if ('fixed' in e) {
    const before =
      h.fixed + scalar.sum1(e.fixed) + scalar.choose(e.fixed, f.fixed, g.fixed) + rounds[round]
    const after = scalar.sum0(a.fixed) + scalar.majority(a.fixed, b.fixed, c.fixed)
    return [{ fixed: before >>> 0 }, { fixed: after >>> 0 }]
  }
  const before = `${h.given} + sum1(${e.given}) + choose(${e.given}, ${f.given}, ${g.given})`
  const after = `sum0(${a.given}) + majority(${a.given}, ${b.given}, ${c.given})`
  return [
    keepGiven('before', { given: `${before} + ${hex(rounds[round])}` }),
    keepGiven('after', { given: after }),
  ]
}

/**
 * Writes rounds `from` to `to`. Of the last four only what the first word of the result needs: with `top`, the new
 * `e`s. `majority` is b ^ ((a ^ b) & (b ^ c)), where b ^ c is the a ^ b of the round before.
 */
function writeRounds(words, state, from, to, top) {
  let hasBc = false
  let now = state
  for (let round = from; round < to; round++) {
    if (round >= 16) words[round & 15] = nextWord(words, round)
    const word = words[round & 15]
    const [a, b, c, d, e, f, g, h] = now
    const newA = letters[(71 - round) % 8]
    const newE = letters[(67 - round) % 8]
    if (!('vector' in e)) {
      const [before, after] = knownSums(now, round)
      const nextE = keep(newE, sumOf(d, before, word))
      now = [keep(newA, sumOf(before, after, word)), a, b, c, nextE, e, f, g]
      continue
    }
    const [va, vb, ve] = [a, b, e].map(asVector)
    const known = asVector(sumOf(h, { fixed: rounds[round] }, word))
    const chosen = `choose4(${ve}, ${asVector(f)}, ${asVector(g)})`
    scanLines.push(`t = add(add(${known}, ${chosen}), sum14(${ve}))`)
    const nextE = keep(newE, sumOf(d, { vector: 't' }))
    if (top && round >= to - 4) {
      now = [a, a, b, c, nextE, e, f, g]
      continue
    }
    if (!hasBc) scanLines.push(`bc = v128.xor(${vb}, ${asVector(c)})`)
    hasBc = true
    scanLines.push(`ab = v128.xor(${va}, ${vb})`)
    const nextA = `add(add(t, sum04(${va})), v128.xor(${vb}, v128.and(ab, bc)))`
    now = [keep(newA, { vector: nextA }), a, b, c, nextE, e, f, g]
    scanLines.push('bc = ab')
  }
  return now
}

/** The header's last 16 bytes, padded, then the digest of that, padded. @returns the digest's last word */
function writeBothHashes() {
  const fixed = (...values) => values.map((value) => ({ fixed: value }))
  const given = (names) => names.map((name) => ({ given: name }))
  const header = [
    ...given(['w0', 'w1', 'w2']),
    { vector: 'big' },
    ...fixed(0x80000000, ...Array(10).fill(0), 640),
  ]
  const afterThree = given([...letters].map((_, index) => letters[(index + 5) % 8]))
  const inner = writeRounds(header, afterThree, 3, 64, false)
  scanLines.push('')
  const digest = inner.map((word, index) => keep(`w${index}`, sumOf({ given: `m${index}` }, word)))
  const second = [...digest, ...fixed(0x80000000, ...Array(6).fill(0), 256)]
  const outer = writeRounds(second, fixed(...initial), 0, 61, true)
  return sumOf({ fixed: initial[7] }, outer[4]).vector
}

function firstThreeRounds() {
  const lines = []
  for (let round = 0; round < 3; round++) {
    const [a, b, c, d, e, f, g, h] = [...letters].map((_, i) => letters[(i + 8 - round) % 8])
    const start = round === 0 ? 'let t' : 't'
    const sum = `${h} + sum1(${e}) + choose(${e}, ${f}, ${g}) + ${hex(rounds[round])} + w${round}`
    lines.push(
      `${start} = ${sum}`,
      `${d} += t`,
      `${h} = t + sum0(${a}) + majority(${a}, ${b}, ${c})`,
    )
  }
  return lines
}

const indented = (lines, indent) => lines.map((line) => (line === '' ? '' : indent + line))
const inEights = (values) =>
  Array.from({ length: Math.ceil(values.length / 8) }, (_, row) =>
    values.slice(8 * row, 8 * row + 8),
  )
const vectorsNamed = (names) => `  let ${names.map((name) => `${name}: v128`).join(', ')}`
const wordNames = Array.from({ length: 16 }, (_, index) => `w${index}`)

/** @returns the text of lanes.ts */
export function unrollHashSearch() {
  for (const table of [fixedTable, givenTable, prepareLines, scanLines]) table.length = 0
  const top = writeBothHashes()
  return `${[
    `/**
 * Double SHA-256 of four headers at a time, which differ in their nonce alone. Of each digest only the last word is
 * computed: it is the most significant one of the number that Bitcoin compares.
 *
 * Written by scripts/unroll-hash-search.js, which says how: change that, not this.
 */
import { add, choose4, sigma04, sigma14, sum04, sum14 } from '../../shared/assembly/four'
import { choose, majority, sigma0, sigma1, sum0, sum1 } from '../../shared/assembly/sha256'

/** Sums of round constants and words that are always the same, in the order of their first use. */
const FIXED = memory.data<u32>([`,
    ...inEights(fixedTable.map(hex)).map((row) => `  ${row.join(', ')},`),
    `])

/** Sums that hold for all nonces of a job, written by \`prepare\`. */
const GIVEN = memory.data(${4 * givenTable.length}, 16)

/** Where four digests' last words are left, in the byte order of the comparison. */
export const TOPS = memory.data(16, 16)

@inline
function fixed(offset: usize): v128 {
  return v128.load_splat<u32>(FIXED + offset)
}

@inline
function given(offset: usize): v128 {
  return v128.load_splat<u32>(GIVEN + offset)
}

/**
 * Sums up what all nonces share.
 *
 * @param middle  state after the header's first 64 bytes
 * @param w0  first of the three words that follow, before the nonce
 */
export function prepare(middle: usize, w0: u32, w1: u32, w2: u32): void {`,
    ...[...letters].map((letter, i) => `  let ${letter} = load<u32>(middle, ${4 * i})`),
    ...[...letters].map((letter, i) => `  const m${i} = ${letter}`),
    ...indented([...firstThreeRounds(), ...prepareLines], '  '),
    ...givenTable.map((sum, i) => `  store<u32>(GIVEN, ${sum}, ${4 * i})`),
    `}

/**
 * Hashes \`groups\` times four nonces from \`first\` on, until a last word is at most \`limit\`.
 *
 * @returns how many groups came out above the limit; when fewer than asked for, TOPS holds those of the next
 */
export function scan(first: u32, groups: u32, limit: u32): u32 {
  const most = i32x4.splat(limit)
  const order = v128(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
  let nonce = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  let big: v128, t: v128, ab: v128, bc: v128`,
    vectorsNamed([...letters]),
    vectorsNamed(wordNames.slice(0, 8)),
    vectorsNamed(wordNames.slice(8)),
    '  for (let group: u32 = 0; group < groups; group++) {',
    '    big = v128.swizzle(nonce, order)',
    ...indented(scanLines, '    '),
    `
    t = v128.swizzle(${top}, order)
    if (v128.any_true(i32x4.le_u(t, most))) {
      v128.store(TOPS, t)
      return group
    }
    nonce = i32x4.add(nonce, i32x4.splat(4))
  }
  return groups
}`,
  ].join('\n')}\n`
}
