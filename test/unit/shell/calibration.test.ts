import { expect, test } from '@jest/globals'
import type { Executor } from '../../../coordinator-free-node/ports/executor.js'
import { packBundle } from '../../../coordinator-free-node/protocol/task-bundle.js'
import { calibrate } from '../../../coordinator-free-node/shell/calibration.js'

const task = { name: 'x', tier: 'js', unitMsMax: 1_000, unitMemoryBytesMax: 1 << 20 } as const
const { bytes, hash } = packBundle({ descriptor: task, code: new Uint8Array() })

/** Finds the size for a range of `items` on threads whose first unit takes longer. */
async function sizeFor(items: number, itemMs: number, { slots = 2, abort = false } = {}) {
  let units = 0
  const executor = {
    slots,
    async execute({ units: [unit] }, onOutcomes) {
      const view = new DataView(unit?.input.buffer ?? new ArrayBuffer(16))
      const count = Number(view.getBigInt64(8, true) - view.getBigInt64(0, true))
      const spentMs = count * itemMs + (units++ === 0 ? 200 : 0)
      const output = new Uint8Array()
      onOutcomes([
        abort
          ? { unit: 0, kind: 'abort', reason: 'cancelled', message: '' }
          : { unit: 0, kind: 'done', output, digest: output, spentMs, fuel: 0 },
      ])
    },
    cancel() {},
  } as Partial<Executor> as Executor
  const manifest = {
    version: 1,
    name: 'x',
    task,
    taskHash: hash,
    params: new Uint8Array(),
    goal: 'all',
    acceptance: { rule: 'check' },
    inputs: { kind: 'range', start: 0, end: items, unitItems: 7 },
  } as const
  const submission = { bundle: bytes, manifest }
  return calibrate({ executor, submission, unitItemsMax: 65_536, slots })
}

test('a unit of a long job takes about a second', async () => {
  expect(await sizeFor(1e6, 2)).toBe(500)
  expect(await sizeFor(1e6, 5_000)).toBe(1)
})

test('no thread is left without units, and no unit is larger than it may be', async () => {
  expect(await sizeFor(320, 1e-3)).toBe(20)
  expect(await sizeFor(1e9, 1e-6)).toBe(65_536)
})

test('nothing is guessed where nothing was measured', async () => {
  expect(await sizeFor(1e6, 1, { abort: true })).toBeUndefined()
})
