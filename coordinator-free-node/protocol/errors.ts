/**
 * Faults of the user, this machine or a peer. What is expected (a declined lease, a dispute) is a value
 * instead; what is impossible is an assertion.
 *
 * Across a boundary match `code`, never `instanceof`: errors travel through the gateway as plain data.
 * Every code has its line in docs/errors.md; a test holds the two together.
 */

export const errorCodes = [
  'MH_USAGE',
  'MH_BOUNDS',
  'MH_SCHEMA',
  'MH_CAPTURED_VARIABLE',
  'MH_NOT_A_FUNCTION',
  'MH_NOT_ENCODABLE',
  'MH_FILE_NOT_FOUND',
  'MH_NOT_A_TASK',
  'MH_BAD_MODULE',
  'MH_BAD_ADDRESS',
  'MH_PEER_UNREACHABLE',
  'MH_DENIED',
  'MH_NOT_A_MEMBER',
  'MH_PORT_TAKEN',
  'MH_STATE_LOCKED',
  'MH_STATE_CORRUPT',
  'MH_STATE_VERSION',
  'MH_STORE_FAILED',
  'MH_DISK_FULL',
  'MH_NO_NODE',
  'MH_GATEWAY_REFUSED',
  'MH_GATEWAY_LOST',
  'MH_JOB_UNKNOWN',
  'MH_JOB_AMBIGUOUS',
  'MH_JOB_CANCELLED',
  'MH_JOB_FAILED',
  'MH_UNIT_FAILED',
  'MH_UNIT_DISPUTED',
  'MH_INPUT_FAILED',
  'MH_INPUT_CUT',
  'MH_TOO_LARGE',
  'MH_TOO_MANY',
  'MH_BAD_MESSAGE',
  'MH_BAD_SIGNATURE',
  'MH_BLOB_MISSING',
  'MH_BLOB_MISMATCH',
  'MH_EXECUTOR_FAILED',
  'MH_STOPPED',
  'MH_INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What a job can fail of. */
export const failureCodes = [
  'MH_UNIT_FAILED',
  'MH_UNIT_DISPUTED',
  'MH_INPUT_FAILED',
  'MH_STORE_FAILED',
  'MH_JOB_FAILED',
] as const satisfies readonly ErrorCode[]
export type FailureCode = (typeof failureCodes)[number]

/** Who has to act: the person who typed, the machine this runs on, or the other side of a connection. */
export type Blame = 'user' | 'local' | 'remote'

export interface GridErrorOptions {
  blame: Blame
  /** Whether the same call may succeed later without any change. */
  retryable?: boolean
  /** What to do about it, one sentence. */
  hint?: string
  cause?: unknown
}

/** A fault somebody can act on: what is wrong in `message`, what to do in `hint`. */
export class GridError extends Error {
  override readonly name = 'GridError'
  readonly code: ErrorCode
  readonly blame: Blame
  readonly retryable: boolean
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: GridErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.blame = options.blame
    this.retryable = options.retryable ?? false
    this.hint = options.hint
  }
}

/** A `GridError` as plain data, for the gateway and `--json`. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  blame: Blame
  retryable: boolean
  hint?: string | undefined
}

/** Any thrown value as plain data; what is not a `GridError` becomes `MH_INTERNAL`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (isGridError(error)) {
    const { code, message, blame, retryable, hint } = error
    return hint === undefined
      ? { code, message, blame, retryable }
      : { code, message, blame, retryable, hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'MH_INTERNAL', message, blame: 'local', retryable: false }
}

export function fromErrorRecord(record: ErrorRecord): GridError {
  const { code, message, blame, retryable, hint } = record
  return new GridError(
    code,
    message,
    hint === undefined ? { blame, retryable } : { blame, retryable, hint },
  )
}

/** True for a `GridError` of any copy of this package. */
export function isGridError(error: unknown): error is GridError {
  return error instanceof Error && error.name === 'GridError' && 'code' in error
}
