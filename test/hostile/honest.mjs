/**
 * Honest work that runs beside the hostile units, without end: one unit after the other of each tier, every result of
 * it known in advance.
 */
import { digestOf } from '../../dist/coordinator-free-node/protocol/outcome.js'
import { packBundle } from '../../dist/coordinator-free-node/protocol/task-bundle.js'
import { encodeValue } from '../../dist/tasks/value.js'
import { assemble } from './corpus/unit.mjs'
import { storyOf } from './words.mjs'

/** Units of a batch: so few that a hostile unit soon has its turn. */
const batchUnits = 8
/** They have time: their neighbours are busy on purpose. */
const limits = { unitMsMax: 120_000, unitMemoryBytesMax: 4 * 2 ** 20 }

/** Sums the bytes of its input, weighted by their place, a thousand times over. */
const sumModule = `(module
  (import "grid" "input_size" (func $size (result i32)))
  (import "grid" "input_read" (func $read (param i32)))
  (import "grid" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (local $i i32) (local $sum i32) (local $turn i32)
    (call $read (i32.const 16))
    (loop $turns
      (local.set $i (i32.const 0))
      (loop $bytes
        (local.set $sum (i32.add
          (i32.mul (local.get $sum) (i32.const 31))
          (i32.load8_u offset=16 (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $bytes (i32.lt_u (local.get $i) (call $size))))
      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
      (br_if $turns (i32.lt_u (local.get $turn) (i32.const 1000))))
    (i32.store (i32.const 0) (local.get $sum))
    (call $write (i32.const 0) (i32.const 4))
    (i32.const 0)))`

function sumOf(input) {
  let sum = 0
  for (let turn = 0; turn < 1000; turn++)
    for (const byte of input) sum = (Math.imul(sum, 31) + byte) | 0
  return new Uint8Array(Int32Array.of(sum).buffer)
}

const sortSource = `({ input }) => {
  const values = []
  let x = input
  for (let i = 0; i < 500; i++) values.push((x = (x * 16807) % 2147483647))
  values.sort((a, b) => a - b)
  return { value: { least: values[0], text: JSON.stringify(values.slice(0, 5)) } }
}`

function sorted(start) {
  const values = []
  let x = start
  for (let i = 0; i < 500; i++) {
    x = (x * 16_807) % 2_147_483_647
    values.push(x)
  }
  values.sort((a, b) => a - b)
  return { least: values[0], text: JSON.stringify(values.slice(0, 5)) }
}

const utf8 = new TextEncoder()
const textOf = (unit) => utf8.encode(`unit ${unit} of somebody honest`)

const kinds = [
  {
    tier: 'wasm',
    code: assemble(sumModule),
    inputOf: textOf,
    resultOf: (unit) => sumOf(textOf(unit)),
  },
  {
    tier: 'js',
    code: utf8.encode(sortSource),
    inputOf: (unit) => encodeValue(unit + 1),
    resultOf: (unit) => encodeValue(sorted(unit + 1)),
  },
  { tier: 'builtin', code: utf8.encode('echo'), inputOf: textOf, resultOf: textOf },
]

export class HonestWork {
  #executor
  #isEnding = false
  #streams = []
  /** `wrong`: what came instead, in words. */
  report = { units: 0, wrong: [] }

  constructor(executor) {
    this.#executor = executor
  }

  begin() {
    this.#streams = kinds.map((kind) => this.#work(kind))
  }

  /** Resolves when the last unit has ended. */
  async end() {
    this.#isEnding = true
    await Promise.all(this.#streams)
  }

  async #work({ tier, code, inputOf, resultOf }) {
    const descriptor = { name: `honest-${tier}`, tier, ...limits }
    const bundle = { descriptor, code }
    const { hash } = packBundle(bundle)
    for (let from = 0; !this.#isEnding; from = (from + batchUnits) % 4096) {
      const batch = {
        batch: `honest-${tier}-${from}`,
        task: hash,
        bundle,
        params: new Uint8Array(),
        inputs: 'list',
        seed: new Uint8Array(32),
        units: Array.from({ length: batchUnits }, (_, i) => ({
          unit: from + i,
          input: inputOf(from + i),
        })),
      }
      await this.#executor.execute(batch, (outcomes) => {
        for (const outcome of outcomes) this.#check(tier, outcome, resultOf(outcome.unit))
      })
    }
  }

  #check(tier, outcome, result) {
    this.report.units++
    const isRight =
      outcome.kind === 'done' && Buffer.compare(outcome.digest, digestOf('done', result)) === 0
    if (!isRight) this.report.wrong.push(`${tier} ${outcome.unit}: ${storyOf(outcome)}`)
  }
}
