/** A terminal and a grid that remember, for the command's tests. */
import type { Context } from '../../../coordinator-free-node/cli/context.js'
import { reportFailure } from '../../../coordinator-free-node/cli/failure.js'
import { createProgram } from '../../../coordinator-free-node/cli/program.js'
import type { Terminal } from '../../../coordinator-free-node/cli/terminal.js'
import type { RunningNode } from '../../../coordinator-free-node/index.js'
import { GridError } from '../../../coordinator-free-node/protocol/errors.js'
import type { JobHostView, JobView } from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { JobId, PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import type { ConnectOptions, Grid } from '../../../sdk/types.js'

export const JOB = 'ab'.repeat(32) as JobId
export const PEER = `12D3KooW${'A'.repeat(36)}hostAAAA` as PeerId
export const LIAR = `12D3KooW${'B'.repeat(36)}hostBBBB` as PeerId

export interface FakeTerminal extends Terminal {
  readonly out: string[]
  readonly remarks: string[]
  readonly lives: (string | undefined)[]
}

export function fakeTerminal(options: { tty?: boolean } = {}): FakeTerminal {
  const out: string[] = []
  const remarks: string[] = []
  const lives: (string | undefined)[] = []
  return {
    out,
    remarks,
    lives,
    print: (line) => void out.push(line),
    write: async (bytes) => void out.push(new TextDecoder().decode(bytes)),
    say: (line) => void remarks.push(line),
    live: (text) => void lives.push(text),
    canRewrite: options.tty === true,
    isTerminalOut: options.tty === true,
    columns: 80,
  }
}

export function hostView(over: Partial<JobHostView> = {}): JobHostView {
  return {
    peer: PEER,
    self: false,
    connected: true,
    executed: 10,
    accepted: 9,
    rejected: 0,
    aborted: 0,
    inFlight: 1,
    spentMs: 1234,
    refused: undefined,
    ...over,
  }
}

export function jobView(over: Partial<JobView> = {}): JobView {
  return {
    job: JOB,
    name: 'squares',
    task: 'squares',
    tier: 'js',
    phase: 'running',
    acceptance: { rule: 'quorum', quorum: 2 },
    units: {
      total: 1000,
      verified: 420,
      unchecked: 0,
      awaitingAgreement: 3,
      inFlight: 7,
      executions: 850,
      reassigned: 4,
      recomputed: 0,
      aborted: 1,
      disputed: 2,
      audited: 0,
      withdrawn: 0,
      corrected: 0,
    },
    verification: {
      executionsPerUnit: 850 / 420,
      audited: 0,
      auditedShare: 0,
      confirmations: 420,
      withdrawn: 0,
      corrected: 0,
      unchecked: 0,
      expectedErrorRate: undefined,
      caught: [],
    },
    rate: 33.3,
    etaMs: 17_400,
    elapsedMs: 12_600,
    hosts: [hostView()],
    hit: undefined,
    errorCode: undefined,
    error: undefined,
    warning: undefined,
    ...over,
  }
}

export interface CommandRun {
  terminal: FakeTerminal
  exitCode: number
  connections: ConnectOptions[]
}

/** Runs the command as main.ts does, with everything outside of it made up. */
export async function runCommand(
  args: readonly string[],
  parts: { grid?: Grid; node?: RunningNode; tty?: boolean } = {},
): Promise<CommandRun> {
  const terminal = fakeTerminal({ tty: parts.tty === true })
  const connections: ConnectOptions[] = []
  let exitCode = 0
  const context: Context = {
    terminal,
    env: { HOME: '/home/somebody' },
    async connect(options) {
      connections.push(options)
      if (parts.grid !== undefined) return parts.grid
      throw new GridError('MH_NO_NODE', 'no node runs here', {
        blame: 'user',
        hint: 'start one: manyhands node',
      })
    },
    async startNode() {
      if (parts.node !== undefined) return parts.node
      throw new GridError('MH_PORT_TAKEN', 'port 4001 is taken', { blame: 'user' })
    },
    setExitCode: (code) => {
      exitCode = code
    },
  }
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error && error.exitCode === 0) exitCode = 0
    else exitCode = reportFailure(error, terminal, args.includes('--json'))
  }
  return { terminal, exitCode, connections }
}
