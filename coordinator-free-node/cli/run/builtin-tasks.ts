/** The tasks that ship with every node, by the name that `run` takes. */
import type { AnyTask } from '../../../tasks/contract.js'
import { isTask } from '../../../tasks/contract.js'

export async function loadBuiltinTasks(): Promise<ReadonlyMap<string, AnyTask>> {
  const exported: Record<string, unknown> = await import('../../../tasks/index.js')
  const tasks = Object.values(exported).filter(isTask)
  return new Map(tasks.map((task) => [task.name, task]))
}
