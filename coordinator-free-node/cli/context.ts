/** What every command is given: a terminal, and the doors to the rest, so that tests can put their own in place. */
import type { ConnectOptions, Grid } from '../../sdk/types.js'
import type { NodeOptions, RunningNode } from '../index.js'
import type { Terminal } from './terminal.js'

export interface Context {
  terminal: Terminal
  /** Environment variables. */
  env: Readonly<Record<string, string | undefined>>
  connect(options: ConnectOptions): Promise<Grid>
  startNode(options: NodeOptions): Promise<RunningNode>
  /** The exit code when nothing is thrown; the last one set counts. */
  setExitCode(code: number): void
}

/** The context of a real process. What a command does not use is not loaded: `--help` answers at once. */
export function createContext(terminal: Terminal, setExitCode: (code: number) => void): Context {
  return {
    terminal,
    env: process.env,
    async connect(options) {
      const { connect } = await import('../../sdk/index.js')
      return connect(options)
    },
    async startNode(options) {
      const { startNode } = await import('../index.js')
      return startNode(options)
    },
    setExitCode,
  }
}
