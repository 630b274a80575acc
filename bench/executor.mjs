/**
 * What the executor itself costs: units that do nothing, through `execute`, a tier at a time.
 *
 *     npm run build && node bench/executor.mjs
 *
 * The order of the tiers turns from round to round, so that a busy machine harms all alike; medians are printed.
 */

import { packBundle } from '../dist/coordinator-free-node/protocol/task-bundle.js'
import { createExecutor } from '../dist/coordinator-free-node/shell/executor/executor.js'

const rounds = 5
const slots = 2
const utf8 = new TextEncoder()

/** `run` returns 0: types, functions, memory of a page, exports, code. */
const emptyModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x10, 0x02, 0x06, ...utf8.encode('memory'), 0x02, 0x00],
  ...[0x03, ...utf8.encode('run'), 0x00, 0x00],
  ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, 0x00, 0x0b],
])

const suites = [
  { name: 'builtin, one unit', tier: 'builtin', code: utf8.encode('noop'), units: 1, batches: 300 },
  { name: 'builtin', tier: 'builtin', code: utf8.encode('noop'), units: 4096, batches: 30 },
  { name: 'wasm', tier: 'wasm', code: emptyModule, units: 4096, batches: 2 },
  { name: 'js', tier: 'js', code: utf8.encode('() => ({ value: 0 })'), units: 500, batches: 1 },
]

let batches = 0

function batchOf({ tier, code, units }) {
  const descriptor = { name: 'empty', tier, unitMsMax: 60_000, unitMemoryBytesMax: 2 ** 24 }
  const bundle = { descriptor, code }
  const input = new Uint8Array(16)
  return {
    batch: `batch-${++batches}`,
    task: packBundle(bundle).hash,
    bundle,
    params: new Uint8Array(0),
    inputs: 'range',
    seed: new Uint8Array(32),
    units: Array.from({ length: units }, (_, unit) => ({ unit, input })),
  }
}

/** @returns microseconds a unit, from asking to the last outcome */
async function measure(executor, suite) {
  const made = Array.from({ length: suite.batches }, () => batchOf(suite))
  const startMs = performance.now()
  for (const batch of made)
    await executor.execute(batch, (outcomes) => {
      for (const { kind, message } of outcomes)
        if (kind !== 'done') throw new Error(message ?? kind)
    })
  return ((performance.now() - startMs) * 1000) / (suite.batches * suite.units)
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

const startMs = performance.now()
const executor = createExecutor({ slots })
await executor.start()
console.log(`start: ${(performance.now() - startMs).toFixed(0)} ms`)
const taken = new Map(suites.map(({ name }) => [name, []]))
try {
  for (const suite of suites) await measure(executor, { ...suite, batches: 1 })
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < suites.length; i++) {
      const suite = suites[(i + round) % suites.length]
      taken.get(suite.name).push(await measure(executor, suite))
    }
} finally {
  await executor.stop()
}
console.log(`${slots} threads, medians of ${rounds} rounds`)
for (const [name, times] of taken) {
  const us = median(times)
  console.log(
    `${name.padEnd(18)} ${us.toFixed(1).padStart(8)} us a unit  ${Math.round(1e6 / us)} units/s`,
  )
}
