#!/usr/bin/env node
/** The command `manyhands`: arguments in, exit code out. */
import { CommanderError } from 'commander'
import { createContext } from './context.js'
import { exitCodes, reportFailure } from './failure.js'
import { letHeapGrow } from './heap.js'
import { createProgram } from './program.js'
import { surviveStrayErrors } from './stray-errors.js'
import { createTerminal, type Terminal } from './terminal.js'

letHeapGrow()
const terminal = createTerminal()
endWithReader()
surviveStrayErrors((error) => process.exit(failureOf(error, terminal)))
let exitCode: number = exitCodes.ok
const context = createContext(terminal, (code) => {
  exitCode = code
})
try {
  await createProgram(context).parseAsync()
} catch (error) {
  exitCode = failureOf(error, terminal)
}
// Whatever a library left open (a timer, a socket of a lost peer) must not keep a finished command alive.
await flushed()
process.exit(exitCode)

/** Help and version are thrown as well, with code 0. */
function failureOf(error: unknown, to: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ok
    // The help was printed instead of an error.
    if (error.code === 'commander.help') return exitCodes.usage
  }
  return reportFailure(error, to, wantsJson(process.argv.slice(2)))
}

/** Whether `--json` was asked for, also where the arguments did not parse. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? undefined : end).includes('--json')
}

/** `manyhands jobs | head -1`: a reader that leaves early is no error. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    throw error
  })
}

/** Resolves when what was printed is out: pipes are written behind the program's back. */
function flushed(): Promise<unknown> {
  return Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
    ),
  )
}
