/** Checks that units run here: one of each tier that a stranger may send. */
import { z } from 'zod'
import { defineTask, type Kernel } from '../../../tasks/contract.js'
import type { UnitOutcome } from '../../protocol/outcome.js'
import { formatDurationMs } from '../format.js'
import { runLocally } from '../local-units.js'
import { loadBuiltinTasks } from '../run/builtin-tasks.js'
import type { Check, Finding } from './check.js'

const HINT = 'units cannot run here: manyhands node --log debug says more'

/** A task of one unit with a given kernel. */
function oneUnit(kernel: Kernel) {
  return defineTask({
    name: 'doctor',
    summary: 'one unit',
    params: z.object({}),
    result: z.unknown(),
    kernel,
    plan: () => ({ inputs: { start: 20, end: 21, unitItems: 1 } }),
    decode: (output) => output,
    assemble: () => undefined,
  })
}

export function executionChecks(): Check[] {
  return [
    { name: 'executor, wasm unit', essential: true, look: wasmUnit },
    { name: 'executor, js unit', essential: true, look: jsUnit },
  ]
}

async function jsUnit(): Promise<Finding> {
  const source = '({ range }) => ({ value: range.start * 2 + 2 })'
  return findingOf(await runLocally(oneUnit({ tier: 'js', source }), {}, 1))
}

/** Any built-in WebAssembly kernel will do: what counts is that the module compiles and runs. */
async function wasmUnit(): Promise<Finding> {
  const task = (await loadBuiltinTasks()).get('hash-search')
  if (task === undefined) return { ok: false, detail: 'no built-in task', hint: 'install again' }
  const { GENESIS_HEADER } = await import('../demo/block-search.js')
  const params = { header: GENESIS_HEADER, start: 0, end: 1000, unitNonces: 1000 }
  return findingOf(await runLocally(task, params, 1))
}

function findingOf(outcomes: readonly UnitOutcome[]): Finding {
  const [outcome] = outcomes
  if (outcome === undefined) return { ok: false, detail: 'no outcome', hint: HINT }
  if (outcome.kind === 'abort') return { ok: false, detail: outcome.message, hint: HINT }
  if (outcome.kind === 'trap') {
    return { ok: false, detail: new TextDecoder().decode(outcome.output), hint: HINT }
  }
  return { ok: true, detail: `ran in ${formatDurationMs(outcome.spentMs)}` }
}
