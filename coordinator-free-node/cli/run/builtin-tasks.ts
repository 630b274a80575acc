/** The tasks that ship with every node, by the name that `run` takes. */
import type { AnyTask } from '../../../tasks/contract.js'

export async function loadBuiltinTasks(): Promise<ReadonlyMap<string, AnyTask>> {
  const { builtInTasks } = await import('../../../tasks/index.js')
  return new Map(Object.entries(builtInTasks))
}
