/** The file that a log goes to, with one predecessor: together they stay below twice the bound. */
import { appendFileSync, closeSync, fstatSync, openSync, renameSync } from 'node:fs'
import { GridError } from '../../protocol/errors.js'

/** Some days of a busy node at `info`; what is older is worth little. */
export const logFileBytesMax = 16 * 1024 * 1024

export class LogFile {
  readonly #path: string
  readonly #bytesMax: number
  #handle: number
  #bytes: number

  /** @throws {GridError} MH_USAGE when it cannot be written */
  constructor(path: string, bytesMax = logFileBytesMax) {
    this.#path = path
    this.#bytesMax = bytesMax
    try {
      this.#handle = open(path)
      this.#bytes = fstatSync(this.#handle).size
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new GridError('MH_USAGE', `option logFile (--log-file): ${reason}`, {
        blame: 'user',
        hint: 'name a file in a folder that exists and that this user may write to',
        cause,
      })
    }
  }

  /** Written when it returns. A line that the disk does not take is lost: a log must not stop a node. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line)
    try {
      if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) this.#begin()
      appendFileSync(this.#handle, line)
      this.#bytes += bytes
    } catch {
      // The next line tries again.
    }
  }

  close(): void {
    closeSync(this.#handle)
  }

  /** What is full becomes the predecessor. */
  #begin(): void {
    renameSync(this.#path, `${this.#path}.1`)
    const next = open(this.#path)
    closeSync(this.#handle)
    this.#handle = next
    this.#bytes = 0
  }
}

function open(path: string): number {
  return openSync(path, 'a', 0o600)
}
