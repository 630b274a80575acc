/** `manyhands/tasks`: how to write a task, and the tasks that come along. */
import type { AnyTask } from './contract.js'
import { hashSearch } from './hash-search.js'
import { mandelbrot } from './mandelbrot.js'
import { monteCarloPi } from './monte-carlo-pi.js'
import { noop } from './noop.js'
import { wordCount } from './word-count.js'

export {
  type AnyTask,
  defineTask,
  isTask,
  type JsUnit,
  type Kernel,
  type RangePlan,
  type Task,
  type TaskDefinition,
  type TaskPlan,
  type UnitPart,
} from './contract.js'
export { genesisHeader, type HashSearchPart, hashSearch } from './hash-search.js'
export {
  type HashTreeTask,
  hashTree,
  sumLine,
  type TreeFile,
  type TreeFiles,
} from './hash-tree.js'
export { mandelbrot } from './mandelbrot.js'
export { monteCarloPi } from './monte-carlo-pi.js'
export { noop } from './noop.js'
export { encodePng } from './png.js'
export { cutText, type TextSource, type WordCounts, wordCount } from './word-count.js'

/** Tasks that need nothing but parameters, by name. `hashTree` is not among them: it is made for given files. */
export const builtInTasks: Readonly<Record<string, AnyTask>> = Object.freeze(
  Object.fromEntries(
    [hashSearch, mandelbrot, monteCarloPi, noop, wordCount].map((task) => [task.name, task]),
  ),
)
