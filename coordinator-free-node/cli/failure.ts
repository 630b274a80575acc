/** How a failure ends the command: what is printed, and the exit code. No stack traces: those are for `--log debug`. */
import { CommanderError } from 'commander'
import { type ErrorCode, type ErrorRecord, GridError, toErrorRecord } from '../protocol/errors.js'
import type { Terminal } from './terminal.js'

export const exitCodes = {
  ok: 0,
  /** The job failed, or its result is wrong. */
  failed: 1,
  /** Bad input or usage: the same call cannot succeed. */
  usage: 2,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const

const { failed, usage } = exitCodes

const exitCodeOfError = {
  MH_USAGE: usage,
  MH_BOUNDS: usage,
  MH_SCHEMA: usage,
  MH_CAPTURED_VARIABLE: usage,
  MH_NOT_A_FUNCTION: usage,
  MH_NOT_ENCODABLE: usage,
  MH_FILE_NOT_FOUND: usage,
  MH_NOT_A_TASK: usage,
  MH_BAD_MODULE: usage,
  MH_BAD_ADDRESS: usage,
  MH_PEER_UNREACHABLE: usage,
  MH_DENIED: usage,
  MH_NOT_A_MEMBER: usage,
  MH_PORT_TAKEN: usage,
  MH_STATE_LOCKED: usage,
  MH_STATE_CORRUPT: usage,
  MH_STATE_VERSION: usage,
  MH_STORE_FAILED: failed,
  MH_DISK_FULL: failed,
  MH_NO_NODE: usage,
  MH_GATEWAY_REFUSED: usage,
  MH_GATEWAY_LOST: failed,
  MH_JOB_UNKNOWN: usage,
  MH_JOB_AMBIGUOUS: usage,
  MH_JOB_CANCELLED: failed,
  MH_JOB_FAILED: failed,
  MH_UNIT_FAILED: failed,
  MH_UNIT_DISPUTED: failed,
  MH_INPUT_FAILED: failed,
  MH_INPUT_CUT: failed,
  MH_TOO_LARGE: usage,
  MH_TOO_MANY: usage,
  MH_BAD_MESSAGE: failed,
  MH_BAD_SIGNATURE: failed,
  MH_BLOB_MISSING: failed,
  MH_BLOB_MISMATCH: failed,
  MH_EXECUTOR_FAILED: failed,
  MH_STOPPED: failed,
  MH_INTERNAL: failed,
} as const satisfies Record<ErrorCode, number>

export function exitCodeOf(record: ErrorRecord): number {
  return exitCodeOfError[record.code] ?? failed
}

/**
 * Prints an error and gives the exit code that goes with it.
 *
 * @param json  one line `{"error": {code, message, blame, retryable, hint}}` on stdout instead of words on stderr
 */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): number {
  const record = toErrorRecord(error instanceof CommanderError ? usageError(error) : error)
  terminal.live(undefined)
  if (json) {
    terminal.print(JSON.stringify({ error: record }))
    return exitCodeOf(record)
  }
  terminal.say(`error: ${record.message}`)
  if (record.hint !== undefined) terminal.say(`hint: ${record.hint}`)
  return exitCodeOf(record)
}

/** What commander found wrong with the arguments, with its suggestion as the hint. */
function usageError(error: CommanderError): GridError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = /\(Did you mean (one of )?(.+)\?\)/.exec(rest.join(' '))?.[2]
  return new GridError('MH_USAGE', first, {
    blame: 'user',
    hint:
      suggestion === undefined
        ? 'see manyhands --help, or manyhands COMMAND --help'
        : `did you mean ${suggestion}?`,
  })
}
