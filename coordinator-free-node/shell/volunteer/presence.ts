/**
 * When somebody last touched the machine, on Linux: the access times of terminals, which reading a key moves, and the
 * interrupts of keyboards and of the USB controllers that most others hang on. A busy USB disk looks like a person,
 * which errs on the person's side.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

export interface PresenceSources {
  /** Folders and name patterns of terminals. */
  terminals: readonly (readonly [directory: string, name: RegExp])[]
  /** As /proc/interrupts. */
  interrupts: string
}

export const linuxPresence: PresenceSources = {
  terminals: [
    ['/dev/pts', /^\d+$/],
    ['/dev', /^tty\d+$/],
  ],
  interrupts: '/proc/interrupts',
}

/** Names of input devices in /proc/interrupts. */
const inputDevices = /i8042|xhci_hcd|ehci_hcd|uhci_hcd|ohci_hcd|i2c[-_]hid|touchpad|synaptics|elan/i

export class Presence {
  readonly #sources: PresenceSources
  readonly #nowMs: () => number
  #interrupts: number | undefined
  #lastMs = 0

  constructor(sources = linuxPresence, nowMs: () => number = Date.now) {
    this.#sources = sources
    this.#nowMs = nowMs
  }

  /** Milliseconds since the last input; undefined where no source of it is to be seen. */
  async idleMs(): Promise<number | undefined> {
    const [atMs, interrupts] = await Promise.all([
      this.#terminalReadMs(),
      countInputInterrupts(this.#sources.interrupts),
    ])
    const nowMs = this.#nowMs()
    if (atMs === undefined && interrupts === undefined) return undefined
    if (interrupts !== undefined) {
      // Interrupts tell that something moved, not when: the first count may be of a moment ago.
      if (interrupts !== this.#interrupts) this.#lastMs = nowMs
      this.#interrupts = interrupts
    }
    this.#lastMs = Math.max(this.#lastMs, atMs ?? 0)
    return Math.max(0, nowMs - this.#lastMs)
  }

  async #terminalReadMs(): Promise<number | undefined> {
    const found = await Promise.all(
      this.#sources.terminals.map(async ([directory, pattern]) => {
        const names = await readdir(directory).catch((): string[] => [])
        const terminals = names.filter((name) => pattern.test(name))
        return await Promise.all(terminals.map((name) => accessMs(path.join(directory, name))))
      }),
    )
    const times = found.flat().filter((ms) => ms !== undefined)
    return times.length === 0 ? undefined : Math.max(...times)
  }
}

async function accessMs(file: string): Promise<number | undefined> {
  return await stat(file).then(
    ({ atimeMs }) => atimeMs,
    () => undefined,
  )
}

/** Sum over processors and input devices; undefined where none is listed. */
async function countInputInterrupts(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => inputDevices.test(line))
  if (lines.length === 0) return undefined
  let count = 0
  for (const line of lines)
    for (const [digits] of line.slice(line.indexOf(':') + 1).matchAll(/(?<=^|\s)\d+(?=\s)/g))
      count += Number(digits)
  return count
}
