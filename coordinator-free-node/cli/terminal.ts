/**
 * Where a command writes: results to `stdout`, everything said along the way to `stderr`. Behind an interface so that
 * tests read what a person would have seen.
 */

import { harmlessText } from '../shell/plain-text.js'

export interface Terminal {
  /** One piece of the result, a line; goes to stdout. */
  print(line: string): void
  /** Raw bytes of the result. Resolves once they are handed to the system. */
  write(bytes: Uint8Array): Promise<void>
  /** A remark along the way; goes to stderr, above the live line if there is one. */
  say(line: string): void
  /** Replaces the live line; does nothing where lines cannot be rewritten. `undefined` removes it. */
  live(text: string | undefined): void
  /** Whether the live line works: stderr is a terminal. */
  readonly canRewrite: boolean
  /** Whether a person looks at stdout. */
  readonly isTerminalOut: boolean
  /** Characters in a line. */
  readonly columns: number
}

const CLEAR_LINE = '\r\u001b[2K'
const COLUMNS_DEFAULT = 80

/** The terminal of this process. */
export function createTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Terminal {
  let liveText: string | undefined
  const erase = () => {
    if (liveText !== undefined) stderr.write(CLEAR_LINE)
  }
  const draw = () => {
    if (liveText !== undefined) stderr.write(liveText)
  }
  return {
    print(line) {
      erase()
      // Into a pipe or file goes what was printed, to the byte.
      stdout.write(`${stdout.isTTY === true ? harmlessText(line) : line}\n`)
      draw()
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
      }),
    say(line) {
      erase()
      stderr.write(`${harmlessText(line)}\n`)
      draw()
    },
    live(text) {
      if (stderr.isTTY !== true) return
      erase()
      // A line that wraps cannot be erased with one carriage return.
      liveText =
        text && harmlessText(text).slice(0, Math.max(10, (stderr.columns ?? COLUMNS_DEFAULT) - 1))
      draw()
    },
    get canRewrite() {
      return stderr.isTTY === true
    },
    get isTerminalOut() {
      return stdout.isTTY === true
    },
    get columns() {
      return stderr.columns ?? COLUMNS_DEFAULT
    },
  }
}
