/**
 * How much may be logged: so many lines a second of a kind, so many of a component. Whoever can make a node log could
 * otherwise fill its disk. Lines that are left out are counted, and their number is logged.
 */

/** Lines of one kind a second: enough to see that something goes on. */
export const kindLinesPerSecond = 10
/** Lines of a component a second, whatever they say: some texts are never the same twice. */
export const componentLinesPerSecond = 100
/** Kinds that are told apart at one time; lines of others count for their component alone. */
const kindsMax = 256

const windowMs = 1_000

interface Window {
  sinceMs: number
  lines: number
  leftOut: number
}

export interface LeftOut {
  component: string
  /** What the lines said; undefined: various things. */
  text: string | undefined
  lines: number
}

export class LineRate {
  readonly #components = new Map<string, Window>()
  readonly #kinds = new Map<string, { component: string; text: string; window: Window }>()

  /** @returns whether the line may be written */
  admit(component: string, text: string, nowMs: number): boolean {
    const kind = this.#windowOfKind(component, text, nowMs)
    if (kind !== undefined && !count(kind, kindLinesPerSecond, nowMs)) return false
    const whole = this.#components.get(component) ?? open(nowMs)
    this.#components.set(component, whole)
    return count(whole, componentLinesPerSecond, nowMs)
  }

  /** What was left out since the last call. */
  takeLeftOut(): LeftOut[] {
    const taken: LeftOut[] = []
    for (const { component, text, window } of this.#kinds.values()) {
      if (window.leftOut > 0) taken.push({ component, text, lines: window.leftOut })
      window.leftOut = 0
    }
    for (const [component, window] of this.#components) {
      if (window.leftOut > 0) taken.push({ component, text: undefined, lines: window.leftOut })
      window.leftOut = 0
    }
    return taken
  }

  #windowOfKind(component: string, text: string, nowMs: number): Window | undefined {
    const key = `${component} ${text}`
    const known = this.#kinds.get(key)
    if (known !== undefined) return known.window
    if (this.#kinds.size >= kindsMax) this.#forgetQuiet(nowMs)
    if (this.#kinds.size >= kindsMax) return undefined
    const window = open(nowMs)
    this.#kinds.set(key, { component, text, window })
    return window
  }

  #forgetQuiet(nowMs: number): void {
    for (const [key, { window }] of this.#kinds)
      if (window.leftOut === 0 && nowMs - window.sinceMs >= windowMs) this.#kinds.delete(key)
  }
}

function open(sinceMs: number): Window {
  return { sinceMs, lines: 0, leftOut: 0 }
}

function count(window: Window, linesMax: number, nowMs: number): boolean {
  // A clock that was set back begins a second, too.
  if (nowMs - window.sinceMs >= windowMs || nowMs < window.sinceMs) {
    window.sinceMs = nowMs
    window.lines = 0
  }
  window.lines++
  if (window.lines <= linesMax) return true
  window.leftOut++
  return false
}
