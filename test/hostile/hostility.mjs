/** Runs hostile units beside honest ones, on the real executor, and compares how each ends with what it should. */
import { readdirSync, readFileSync } from 'node:fs'
import { packBundle } from '../../dist/coordinator-free-node/protocol/task-bundle.js'
import { createExecutor } from '../../dist/coordinator-free-node/shell/executor/executor.js'

/** Of a hostile unit, where it says nothing else. */
const unitLimits = { unitMsMax: 1_000, unitMemoryBytesMax: 16 * 2 ** 20, unitFuelMax: 50_000_000 }
/** An honest one has time: its neighbours are busy on purpose. */
const honestLimits = { unitMsMax: 60_000, unitMemoryBytesMax: 16 * 2 ** 20 }
const honestUnits = 16

const kernel = readFileSync(new URL('../../tasks/kernels/monte-carlo-pi.wasm', import.meta.url))
const honest = [
  { tier: 'wasm', code: new Uint8Array(kernel) },
  {
    tier: 'js',
    code: new TextEncoder().encode(
      '({ range }) => { let n = 0; for (let i = 0; i < 2000; i++) n += i % 7; return { value: n + range.start } }',
    ),
  },
  { tier: 'builtin', code: new TextEncoder().encode('echo') },
]

/**
 * @param {readonly import('./corpus/unit.mjs').HostileUnit[]} corpus
 * @param {{ onUnit?: (report: object, done: number) => void }} [hooks]
 */
export async function runHostile(corpus, { onUnit } = {}) {
  const deaths = []
  const executor = createExecutor({ slots: 2, log: (words) => deaths.push(words) })
  await executor.start()
  const { pid } = executor
  const neighbours = new HonestNeighbours(executor)
  const before = memoryBytes()
  const reports = []
  neighbours.begin()
  try {
    for (const unit of corpus) {
      const report = await runOne(executor, unit)
      reports.push(report)
      onUnit?.(report, reports.length)
    }
  } finally {
    await neighbours.end()
    await executor.stop()
  }
  const after = memoryBytes()
  return {
    reports,
    deaths,
    honest: neighbours.report,
    daemonBytes: { before, after },
    leftOver: processesOf(pid),
  }
}

/** One unit ends once, with the words that the corpus declares for it. */
async function runOne(executor, { name, family, tier, code, verdict, limits }) {
  const descriptor = { name: 'hostile', tier, ...unitLimits, ...limits }
  if (descriptor.unitFuelMax === undefined) delete descriptor.unitFuelMax
  const startMs = performance.now()
  const ends = []
  await executor.execute(batchOf(descriptor, code, 1), (outcomes) => ends.push(...outcomes))
  const ended = ends.map(wordsOf).join(' and ')
  return {
    name,
    family,
    expected: String(verdict),
    ended,
    ok: verdict.test(ended),
    ms: performance.now() - startMs,
  }
}

class HonestNeighbours {
  #executor
  #isEnding = false
  #running = Promise.resolve()
  #digests = new Map()
  report = { units: 0, wrong: [] }

  constructor(executor) {
    this.#executor = executor
  }

  begin() {
    this.#running = this.#work()
  }

  async end() {
    this.#isEnding = true
    await this.#running
  }

  async #work() {
    for (let round = 0; !this.#isEnding; round++) {
      const task = honest[round % honest.length]
      const batch = batchOf(
        { name: 'honest', tier: task.tier, ...honestLimits },
        task.code,
        honestUnits,
      )
      await this.#executor.execute(batch, (outcomes) => {
        for (const outcome of outcomes) this.#compare(task.tier, outcome)
      })
    }
  }

  /** Whatever happens beside it, a unit gives what it gave the first time. */
  #compare(tier, outcome) {
    this.report.units++
    const key = `${tier} ${outcome.unit}`
    const digest =
      outcome.digest === undefined ? wordsOf(outcome) : Buffer.from(outcome.digest).toString('hex')
    if (!this.#digests.has(key)) this.#digests.set(key, digest)
    if (outcome.kind !== 'done' || this.#digests.get(key) !== digest)
      this.report.wrong.push(`${key}: ${wordsOf(outcome)}`)
  }
}

let batches = 0

function batchOf(descriptor, code, count) {
  const bundle = { descriptor, code }
  return {
    batch: `batch-${++batches}`,
    task: packBundle(bundle).hash,
    bundle,
    params: new Uint8Array(),
    inputs: 'range',
    seed: new Uint8Array(32),
    units: Array.from({ length: count }, (_, unit) => ({
      unit,
      input: rangeOf(1000 * unit, 1000 * unit + 1000),
    })),
  }
}

function rangeOf(start, end) {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, BigInt(start), true)
  view.setBigInt64(8, BigInt(end), true)
  return bytes
}

function wordsOf(outcome) {
  if (outcome.kind === 'abort') return `abort ${outcome.reason}: ${outcome.message}`
  if (outcome.kind === 'trap') return `trap: ${new TextDecoder().decode(outcome.output)}`
  return outcome.kind
}

function memoryBytes() {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

/** The executor's process and what it started, as far as they are still there. */
function processesOf(pid) {
  const isOurs = (id) => {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(parent) === process.pid && !/^\S+ Z/.test(stat.slice(stat.lastIndexOf(')') + 1))
    } catch {
      return false
    }
  }
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((id) => /^\d+$/.test(id) && (Number(id) === pid || isOurs(id)))
}
