/** What LevelDB and the file system throw, as faults somebody can act on. */
import { GridError } from '../../protocol/errors.js'

/** True when `error` or one of its causes has this `code`. */
export function hasCode(error: unknown, code: string): boolean {
  let at: unknown = error
  // By shape, not instanceof: errors also come from other realms.
  for (let depth = 0; isErrorLike(at) && depth < 8; depth++) {
    if (at.code === code) return true
    at = at.cause
  }
  return false
}

interface ErrorLike {
  message: string
  code?: unknown
  cause?: unknown
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null && 'message' in value
}

/**
 * @param error  what LevelDB or node:fs threw
 * @param doing  what failed, as the beginning of the message
 * @returns MH_DISK_FULL, MH_STATE_CORRUPT or MH_STORE_FAILED; a GridError as it is
 */
export function storeError(error: unknown, doing: string): GridError {
  if (error instanceof GridError) return error
  const text = causes(error)
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT') || /no space left/i.test(text)) {
    return new GridError('MH_DISK_FULL', `${doing}: the disk is full`, {
      blame: 'local',
      retryable: true,
      hint: 'free some space on the disk of the state directory',
      cause: error,
    })
  }
  if (hasCode(error, 'LEVEL_CORRUPTION')) {
    return new GridError('MH_STATE_CORRUPT', `${doing}: ${text}`, {
      blame: 'local',
      hint: 'stop the node, rename the db folder in its state directory and start again',
      cause: error,
    })
  }
  return new GridError('MH_STORE_FAILED', `${doing}: ${text}`, {
    blame: 'local',
    retryable: true,
    hint: 'see that the state directory exists, is writable and is on a working disk',
    cause: error,
  })
}

/** The messages of an error and its causes. */
export function causes(error: unknown): string {
  if (!isErrorLike(error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${causes(error.cause)}`
}
