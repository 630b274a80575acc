/** What a task may use, in words: by its tier, and for WebAssembly by what the module imports. */
import { gridModule, wasiModule } from '../../../tasks/host-functions.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'

/** Of the module `grid`. */
const gridPowers: readonly (readonly [RegExp, string])[] = [
  [/^input_/, "reads its unit's input"],
  [/^params_/, "reads the job's parameters"],
  [/^result_/, 'reads the result that it is asked to check'],
  [/^output_write$/, 'writes its result'],
  [/^random$/, "draws random numbers: the unit's own, the same on every host"],
  [/^log$/, 'writes a log, which is no part of the result'],
  [/^progress$/, 'says how far it is'],
]

/** Of WASI preview 1. What it gives programs elsewhere it does not give them here. */
const wasiPowers: readonly (readonly [RegExp, string])[] = [
  [/^fd_(read|pread)$/, "reads standard input: its unit's input"],
  [/^fd_(write|pwrite)$/, 'writes standard output and error: its result, and a log'],
  [/^args_/, "reads its arguments: the job's parameters"],
  [/^random_get$/, "draws random numbers: the unit's own, the same on every host"],
  [/^clock_/, 'asks for the time: it stands still on the grid'],
  [/^poll_oneoff$/, 'waits or sleeps: no time passes on the grid'],
  [/^environ_/, 'asks for environment variables: the grid has none'],
  [/^(path_|fd_(prestat|readdir|allocate|filestat_set))/, 'asks for files: the grid has none'],
  [/^sock_/, 'asks for sockets: the grid has none'],
  [/^proc_exit$/, 'ends itself'],
  [/^proc_raise$/, 'sends itself a signal: the grid has none'],
  [/^sched_yield$/, 'lets other threads run: the grid has none'],
  [/^fd_/, 'asks about its standard input and output'],
]

export interface Power {
  words: string
  /** Imports that it stands for; with their module where that is neither the grid's nor WASI. */
  imports: string[]
}

/** What each import lets a module do; what no host offers stands last. */
export function powersOf(imports: readonly { module: string; name: string }[]): Power[] {
  const found = new Map<string, string[]>()
  for (const { module, name } of imports) {
    const table = module === gridModule ? gridPowers : module === wasiModule ? wasiPowers : []
    const words = table.find(([pattern]) => pattern.test(name))?.[1] ?? unknown
    const shown = table.length === 0 ? `${module}.${name}` : name
    found.set(words, [...(found.get(words) ?? []), shown])
  }
  return [...found]
    .map(([words, names]) => ({ words, imports: names }))
    .sort((a, b) => Number(a.words === unknown) - Number(b.words === unknown))
}

const unknown = 'asks for what no host offers: it does not run'

/** What holds for every task of a tier. */
export const tierWords: Readonly<Record<TaskDescriptor['tier'], readonly string[]>> = {
  wasm: [
    'runs as guarded WebAssembly in a process of its own, with a bound on fuel, time and memory',
    'no network, no files, no clock, no other programs; no way out of its memory but the functions above',
  ],
  js: [
    "reads its unit's input and the job's parameters, gives a result",
    "draws random numbers (Math.random): the unit's own, the same on every host",
    'interpreted by QuickJS inside WebAssembly, with a bound on fuel, time and memory',
    'no network, no files, no clock (Date is not there), no timers, no imports, no other programs',
  ],
  builtin: ['a kernel that ships with manyhands: no code of the requester travels or runs'],
  native: [
    'UNGUARDED: it runs as a program of this machine, with all that the account of the node may do',
    'hosts run it only for owners that their volunteers name in native-owners',
  ],
}
