/** What a message costs to make and to take: encoding, schema, signature, digests. */
import { Bench } from 'tinybench'
import { encode } from '../../dist/coordinator-free-node/protocol/codec.js'
import { packManifest } from '../../dist/coordinator-free-node/protocol/manifest.js'
import { digestOf } from '../../dist/coordinator-free-node/protocol/outcome.js'
import { createIdentity, loadIdentity } from '../../dist/coordinator-free-node/shell/identity.js'
import { createMail } from '../../dist/coordinator-free-node/shell/mail.js'

const steward = loadIdentity(createIdentity()).signer
const host = loadIdentity(createIdentity()).signer
const job = 'c0'.repeat(32)
const addresses = [`/ip4/192.0.2.7/tcp/4001/ws/p2p/${steward.self}`]
const voteSizes = [1, 100, 4096]
const outputBytes = 50

/** Adverts and receipts are the steward's, all else a host's; each made anew, as nothing kept is to help. */
const messages = {
  hello: () => ({ type: 'hello', version: 1, agent: 'manyhands/0.1.0', donates: true, addresses }),
  introduce: () => ({
    type: 'introduce',
    peers: Array.from({ length: 16 }, () => ({ peer: steward.self, addresses })),
  }),
  advert: () => ({ type: 'advert', body: advert(), sealed: undefined, hops: 1 }),
  answer: () => ({ type: 'answer', job, verdict: 'refused', reason: 'paused by its user' }),
  want: () => ({ type: 'want', job, slots: 2 }),
  'lease of 100 units': () => ({ ...lease([[4_000_000, 100]]), inputs: [] }),
  'lease of 100 inputs of 100 B': () => ({
    ...lease([[4_000_000, 100]]),
    inputs: Array.from({ length: 100 }, () => new Uint8Array(100)),
  }),
  decline: () => ({ type: 'decline', job, reason: 'nothing left', final: false }),
  renew: () => ({ type: 'renew', job, leases: [7, 8, 9] }),
  revoke: () => ({ type: 'revoke', job, leases: [7, 8, 9] }),
  recall: () => ({ type: 'recall', job, lease: 7, runs: [[4_000_000, 50]] }),
  release: () => ({ type: 'release', job, lease: 7, runs: [[4_000_000, 50]] }),
  abort: () => ({ type: 'abort', job, lease: 7, unit: 4_000_000, reason: 'crash', message: '' }),
  receipt: () => ({ type: 'receipt', receipt: receipt(), sealed: undefined }),
}

/** @param {{ rounds: number, quick: boolean, progress: Function }} options */
export async function measureCodec({ rounds, quick, progress }) {
  const bench = new Bench({ time: quick ? 20 : 20 * rounds, warmupTime: quick ? 5 : 50 })
  const sizes = new Map()
  for (const [kind, make] of Object.entries(messages)) {
    const [from, to] = kind === 'receipt' ? [steward, host] : [host, steward]
    sizes.set(kind, add(bench, kind, kind === 'advert' ? [steward, host] : [from, to], make))
  }
  for (const units of voteSizes)
    sizes.set(
      voteOf(units),
      add(bench, voteOf(units), [host, steward], () => vote(units)),
    )
  bench.add('a manifest: pack', () => packManifest(manifest()))
  let done = 0
  bench.addEventListener('cycle', () => progress(++done, bench.tasks.length))
  await bench.run()
  return [
    { title: 'Messages, one at a time', rows: messageRows(bench, sizes) },
    { title: `Votes, results of ${outputBytes} B`, rows: voteRows(bench, sizes) },
  ]
}

function voteOf(units) {
  return `vote of ${units.toLocaleString('en')}`
}

/** @returns bytes on the wire */
function add(bench, name, [from, to], make) {
  const bytes = createMail(from).pack(make())
  bench.add(`${name}: pack`, () => createMail(from).pack(make()))
  // A new mail each time: an advert's signature is checked once, and then remembered.
  bench.add(`${name}: unpack`, () => createMail(to).unpack(from.self, bytes))
  return bytes.length
}

function messageRows(bench, sizes) {
  return Object.keys(messages).flatMap((kind) =>
    ['pack', 'unpack'].map((way) => ({
      ...{ measure: `${kind}, ${way}`, ...usOf(bench, `${kind}: ${way}`) },
      ...{ unit: 'us', better: 'less', note: `${sizes.get(kind)} B` },
    })),
  )
}

function voteRows(bench, sizes) {
  const rows = voteSizes.flatMap((units) =>
    ['pack', 'unpack'].map((way) => {
      const { value, spread } = usOf(bench, `${voteOf(units)}: ${way}`)
      return {
        ...{ measure: `${voteOf(units)}, ${way}, a unit`, value: value / units, spread },
        ...{
          unit: 'us',
          better: 'less',
          note: `${Math.round(sizes.get(voteOf(units)) / units)} B`,
        },
      }
    }),
  )
  const ratios = ['pack', 'unpack'].map((way) => {
    const whole = usOf(bench, `${voteOf(4096)}: ${way}`)
    const some = usOf(bench, `${voteOf(100)}: ${way}`)
    return {
      measure: `vote, ${way}: a unit of 4,096 beside one of 100`,
      ...{ value: whole.value / 4096 / (some.value / 100), spread: whole.spread, better: 'less' },
    }
  })
  return [...rows, ...ratios]
}

function usOf(bench, name) {
  const { latency } = bench.getTask(name).result
  return { value: 1000 * latency.p50, spread: (latency.p75 - latency.p50) / latency.p50 }
}

function lease(runs) {
  return { type: 'lease', job, lease: 7, runs, leaseMs: 10_000, voteMs: 100 }
}

function advert() {
  return {
    ...{ job, steward: steward.self, addresses, serial: 3, ttlMs: 60_000, closed: false },
    ...{ name: 'hash-search', requester: steward.self, taskHash: 'b2'.repeat(32), tier: 'wasm' },
    unitMemoryBytesMax: 65_536,
  }
}

function receipt() {
  return {
    ...{ steward: steward.self, host: host.self, job, taskName: 'hash-search' },
    ...{
      taskHash: 'b2'.repeat(32),
      period: 1,
      serial: 5,
      accepted: 1000,
      creditMs: 1e5,
      fuel: 1e12,
    },
  }
}

const output = new Uint8Array(outputBytes).fill(7)
const digest = digestOf('done', output)

function vote(units) {
  const digests = new Uint8Array(32 * units)
  for (let i = 0; i < units; i++) digests.set(digest, 32 * i)
  const body = {
    ...{ job, lease: 7, runs: [[4_000_000, units]], kinds: new Uint8Array(units), digests },
    ...{ spentMs: units, fuel: 1000 * units },
  }
  return { type: 'vote', body, outputs: Array.from({ length: units }, () => output) }
}

function manifest() {
  const task = { name: 'bench', tier: 'builtin', unitMsMax: 60_000, unitMemoryBytesMax: 65_536 }
  return {
    ...{ version: 1, requester: steward.self, nonce: '12345678', name: 'bench', task },
    ...{ taskHash: 'b2'.repeat(32), params: encode({ units: 100 }), goal: 'all' },
    inputs: { kind: 'range', start: 0, end: 1e6, unitItems: 1 },
    acceptance: { rule: 'quorum', quorum: 2 },
  }
}
