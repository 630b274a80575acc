/** What every executor promises, with the kernels that ship with a node. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Executor, UnitBatch } from '../../coordinator-free-node/ports/executor.js'
import { type BlobHash, hashOf } from '../../coordinator-free-node/protocol/ids.js'
import {
  digestOf,
  type UnitOutcome,
  type UnitResult,
} from '../../coordinator-free-node/protocol/outcome.js'
import type { TaskDescriptor } from '../../coordinator-free-node/protocol/task-bundle.js'

const utf8 = new TextEncoder()

export function builtin(name: string, change: Partial<TaskDescriptor> = {}) {
  const descriptor = {
    name,
    tier: 'builtin' as TaskDescriptor['tier'],
    unitMsMax: 20_000,
    unitMemoryBytesMax: 1 << 20,
    ...change,
  }
  return { descriptor, code: utf8.encode(name) }
}

let batches = 0

/** A batch of `count` list units whose inputs name them. */
export function batchOf(
  bundle: UnitBatch['bundle'],
  count: number,
  params: Uint8Array = new Uint8Array(),
) {
  const batch: UnitBatch = {
    batch: `batch-${++batches}`,
    task: taskOf(bundle),
    bundle,
    params,
    inputs: 'list',
    seed: new Uint8Array(32),
    units: Array.from({ length: count }, (_, unit) => ({ unit, input: utf8.encode(`u${unit}`) })),
  }
  return batch
}

function taskOf({ descriptor, code }: UnitBatch['bundle']): BlobHash {
  return hashOf(utf8.encode(JSON.stringify(descriptor) + Buffer.from(code).toString('hex')))
}

/** Rounds of the `spin` kernel as parameters. */
export function spins(rounds: number): Uint8Array {
  const params = new Uint8Array(4)
  new DataView(params.buffer).setUint32(0, rounds, true)
  return params
}

export async function run(executor: Executor, batch: UnitBatch): Promise<UnitOutcome[]> {
  const outcomes: UnitOutcome[] = []
  await executor.execute(batch, (some) => outcomes.push(...some))
  return outcomes
}

export function describeExecutor(name: string, create: (slots: number) => Executor): void {
  describe(`executor contract: ${name}`, () => {
    let executor: Executor

    beforeEach(async () => {
      executor = create(2)
      await executor.start()
    })

    afterEach(() => executor.stop())

    test('every unit gets one outcome, with its own output and digest', async () => {
      const outcomes = await run(executor, batchOf(builtin('echo'), 1_000))
      expect(outcomes.map(({ unit }) => unit).sort((a, b) => a - b)).toEqual([
        ...Array(1_000).keys(),
      ])
      for (const outcome of outcomes as UnitResult[]) {
        expect(new TextDecoder().decode(outcome.output)).toBe(`u${outcome.unit}`)
        expect(outcome.digest).toEqual(digestOf(outcome.kind, outcome.output))
      }
    })

    test('inputs and outputs of every length come back whole, short ones beside long ones', async () => {
      const lengths = [0, 1, 100_000, 262_143, 262_144, 262_145, 3_000_001, 8 * 2 ** 20]
      const units = [...lengths, ...lengths].map((length, unit) => {
        const input = new Uint8Array(length).fill(unit + 1)
        if (length > 0) input[length - 1] = 255
        return { unit, input }
      })
      const outcomes = await run(executor, { ...batchOf(builtin('echo'), 0), units })
      expect(outcomes).toHaveLength(units.length)
      for (const outcome of outcomes as UnitResult[]) {
        expect(Buffer.compare(outcome.output, units[outcome.unit]!.input)).toBe(0)
        expect(outcome.digest).toEqual(digestOf(outcome.kind, outcome.output))
      }
    })

    test('one slot runs the units in their order', async () => {
      const single = create(1)
      try {
        await single.start()
        const outcomes = await run(single, batchOf(builtin('echo'), 1_000))
        expect(outcomes.map(({ unit }) => unit)).toEqual([...Array(1_000).keys()])
      } finally {
        await single.stop()
      }
    })

    test('an unknown kernel is unavailable here, also one of the name of a property', async () => {
      for (const name of ['nonsense', 'constructor', '__proto__']) {
        const [outcome] = await run(executor, batchOf(builtin(name), 1))
        expect(isAbort(outcome, 'unavailable')).toBe(true)
      }
    })

    test('native tasks are off', async () => {
      const [outcome] = await run(executor, batchOf(builtin('x', { tier: 'native' }), 1))
      expect(isAbort(outcome, 'unavailable')).toBe(true)
    })

    test('an empty batch is over at once', async () => {
      expect(await run(executor, batchOf(builtin('noop'), 0))).toEqual([])
    })

    test('batches run beside each other', async () => {
      const all = await Promise.all(
        [1, 2, 3].map((n) => run(executor, batchOf(builtin('echo'), 50 * n))),
      )
      expect(all.map(({ length }) => length)).toEqual([50, 100, 150])
    })

    test('a cancelled batch ends, each unit with one outcome', async () => {
      const batch = batchOf(builtin('spin'), 50, spins(50_000_000))
      const outcomes: UnitOutcome[] = []
      const first = new Promise<void>((resolve) => {
        void executor
          .execute(batch, (some) => {
            outcomes.push(...some)
            resolve()
          })
          .then(() => outcomes.push({ unit: -1, kind: 'abort', reason: 'crash', message: 'end' }))
      })
      await first
      executor.cancel(batch.batch)
      await run(executor, batchOf(builtin('noop'), 1))
      expect(new Set(outcomes.map(({ unit }) => unit)).size).toBe(51)
      expect(outcomes).toHaveLength(51)
      expect(outcomes.some((outcome) => isAbort(outcome, 'cancelled'))).toBe(true)
    })

    test('cancelling what is queued lets running units finish', async () => {
      const batch = batchOf(builtin('spin'), 20, spins(80_000_000))
      const outcomes: UnitOutcome[] = []
      const over = executor.execute(batch, (some) => outcomes.push(...some))
      executor.cancel(batch.batch, 'queued')
      await over
      expect(outcomes).toHaveLength(20)
      expect(outcomes.filter(({ kind }) => kind === 'done').length).toBeGreaterThan(0)
    })

    test('cancelling some of what is queued leaves the others', async () => {
      await run(executor, batchOf(builtin('spin'), 1, spins(80_000_000)))
      const batch = batchOf(builtin('spin'), 40, spins(20_000_000))
      const outcomes: UnitOutcome[] = []
      const over = executor.execute(batch, (some) => outcomes.push(...some))
      executor.cancel(batch.batch, [
        [30, 4],
        [38, 100],
      ])
      await over
      const cancelled = outcomes.filter((outcome) => isAbort(outcome, 'cancelled'))
      expect(cancelled.map(({ unit }) => unit)).toEqual([30, 31, 32, 33, 38, 39])
      expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(34)
    })

    test('stop ends what is running', async () => {
      const over = run(executor, batchOf(builtin('spin'), 2, spins(4_000_000_000)))
      await executor.stop()
      expect((await over).every((outcome) => isAbort(outcome, 'cancelled'))).toBe(true)
    })

    test('an unknown kernel is aborted, and the next batch runs', async () => {
      const [outcome] = await run(executor, batchOf(builtin('nonsense'), 1))
      expect(outcome?.kind).toBe('abort')
      expect(await run(executor, batchOf(builtin('noop'), 3))).toHaveLength(3)
    })
  })
}

export function isAbort(outcome: UnitOutcome | undefined, reason: string): boolean {
  return outcome?.kind === 'abort' && outcome.reason === reason
}
