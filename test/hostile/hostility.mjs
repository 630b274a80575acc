/**
 * Runs hostile units on the real executor, which has two slots, while honest work shares them; and looks afterwards at
 * what is left. Prints nothing.
 */
import { packBundle } from '../../dist/coordinator-free-node/protocol/task-bundle.js'
import { createExecutor } from '../../dist/coordinator-free-node/shell/executor/executor.js'
import { encodeValue } from '../../dist/tasks/value.js'
import { HonestWork } from './honest.mjs'
import { descendantsOf, memoryOf, stillThere } from './processes.mjs'
import { isVerdict, storyOf, wordsOf } from './words.mjs'

/**
 * Of a hostile unit, where it says nothing else: whom fuel ends has time in plenty, whom only the watchdog ends has little,
 * so that a slow machine changes no verdict.
 */
const fuelLimits = {
  unitMsMax: 30_000,
  unitMemoryBytesMax: 16 * 2 ** 20,
  unitFuelMax: 50_000_000,
}
const timeLimits = { unitMsMax: 400, unitMemoryBytesMax: 16 * 2 ** 20 }

const slots = 2
/** Units that took no longer come in chunks of more than one. */
const quickMs = 100
/** How long what was killed may take to be gone: the kernel ends what is inside bubblewrap after bubblewrap itself. */
const graceMs = 2_000

/**
 * @param {readonly import('./corpus/unit.mjs').HostileUnit[]} units  in their order
 * @param {object} [options]
 * @param {number} [options.lanes]  hostile units at the same time; 2 when left out
 * @param {(report: object, done: number) => void} [options.onUnit]  as each one ends
 */
export async function runHostile(units, { lanes = 2, onUnit } = {}) {
  const deaths = []
  const executor = createExecutor({ slots, log: (message) => deaths.push(message) })
  await executor.start()
  const family = new Family()
  const honest = new HonestWork(executor)
  const stage = { executor, deaths, family }
  const reports = []
  const daemonBytes = {}
  let executorBytes
  try {
    // All code is made before anything is measured: that takes memory, and this process's own time.
    const ready = new Map([...new Set(units)].map((unit) => [unit, { ...unit }]))
    await warmUp(stage)
    daemonBytes.before = await memoryBytes()
    honest.begin()
    const todo = units.map((unit) => ready.get(unit)).values()
    const lane = async () => {
      // An iterator that is shared: whoever is free takes the next one.
      for (const unit of todo) {
        const report = await runOne(stage, unit)
        reports.push(report)
        onUnit?.(report, reports.length)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    await honest.end()
    daemonBytes.after = await memoryBytes()
    executorBytes = family.largest()
  } finally {
    await executor.stop()
  }
  const leftOver = await family.outlasting(graceMs)
  return { reports, deaths, honest: honest.report, daemonBytes, executorBytes, leftOver }
}

/** The largest messages leave buffers behind, whoever sends the first of them. */
async function warmUp({ executor }) {
  const text = new TextEncoder().encode(
    `() => ({ value: 'x'.repeat(${8 * 2 ** 20 - 100}) }) //${' '.repeat(10 * 2 ** 20)}`,
  )
  const descriptor = { name: 'warm-up', tier: 'js', ...fuelLimits, unitMemoryBytesMax: 2 ** 26 }
  for (let i = 0; i < 4; i++) await runUnit(executor, descriptor, { tier: 'js', code: text })
}

/**
 * A unit ends as declared; and where that is a vote, it is the same to the bit and to the fuel when it runs again, after
 * another of its kind on the same thread if both are quick.
 */
async function runOne({ executor, deaths, family }, unit) {
  const { name, tier, code, verdict } = unit
  const task = { tier, code }
  const limits = verdict === 'abort time' ? timeLimits : fuelLimits
  const descriptor = { name: 'hostile', tier, ...limits, ...unit.limits }
  if (descriptor.unitFuelMax === undefined) delete descriptor.unitFuelMax
  const deathsBefore = deaths.length
  const startMs = performance.now()
  const ends = await runUnit(executor, descriptor, task)
  const ms = performance.now() - startMs
  family.meet()
  const [end] = ends
  const faults = []
  if (ends.length !== 1) faults.push(`it has ${ends.length} outcomes`)
  if (!isVerdict(verdict, end)) faults.push(`expected ${verdict}`)
  if (end.kind !== 'abort') {
    const others = ms < quickMs ? [1, 0, 2, 3] : [0]
    const all = await runUnit(executor, descriptor, task, others)
    const again = all.find((outcome) => outcome.unit === 0)
    if (!isSameVote(end, again))
      faults.push(`run again: ${storyOf(again)} (${again.fuel} fuel, not ${end.fuel})`)
  }
  if (deaths.length > deathsBefore) faults.push(deaths.at(-1))
  return {
    name,
    family: unit.family,
    expected: verdict,
    ended: wordsOf(end),
    story: storyOf(end),
    ok: faults.length === 0,
    faults,
    ms,
    fuel: end.fuel,
  }
}

function isSameVote(one, other) {
  return (
    other.kind === one.kind &&
    other.fuel === one.fuel &&
    Buffer.compare(one.digest, other.digest) === 0
  )
}

let batches = 0

/** @returns the outcomes of a batch of this unit, under all these numbers */
async function runUnit(executor, descriptor, { tier, code }, numbers = [0]) {
  const bundle = { descriptor, code }
  const input = tier === 'js' ? encodeValue(null) : new Uint8Array(16)
  const outcomes = []
  const batch = {
    batch: `hostile-${++batches}`,
    task: packBundle(bundle).hash,
    bundle,
    params: new Uint8Array(),
    inputs: 'list',
    seed: new Uint8Array(32),
    units: numbers.map((number) => ({ unit: number, input })),
  }
  await executor.execute(batch, (some) => outcomes.push(...some))
  return outcomes
}

/** This process's own memory, after its garbage is gone: messages that are on their way hold theirs for a moment. */
async function memoryBytes() {
  for (let i = 0; i < 10; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, used: heapUsed + external }
}

/** Every process that was ever seen below this one. */
class Family {
  #met = new Map()

  meet() {
    const children = descendantsOf(process.pid)
    for (const child of children) this.#met.set(`${child.pid} ${child.startedAt}`, child)
    return children
  }

  /** @returns bytes of the largest, now and at most: the executor; bubblewrap around it has next to nothing */
  largest() {
    const sizes = this.meet().flatMap(({ pid }) => memoryOf(pid) ?? [])
    return sizes.sort((one, other) => other.now - one.now)[0]
  }

  /** @returns those that are there when so much time has passed */
  async outlasting(waitMs) {
    const endMs = performance.now() + waitMs
    let left = stillThere([...this.#met.values()])
    while (left.length > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      left = stillThere(left)
    }
    return left.map(({ pid, command }) => `${command} ${pid}`)
  }
}
