/** What is counted where it happens: plain numbers, cheap enough for every message. Read when somebody asks. */
import type { EffectBody } from '../../core/effect.js'
import type { EventBody } from '../../core/event.js'
import type { CoreMessage } from '../../core/messages.js'

/** Upper bounds of the times of journal writes, seconds. */
export const writeBucketsS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3] as const

export class Tallies {
  readonly messagesIn = new Map<string, number>()
  readonly messagesOut = new Map<string, number>()
  bytesIn = 0
  bytesOut = 0
  /** Messages that a peer should not have sent: they cost it the connection. */
  badMessages = 0
  readonly joined = { in: 0, out: 0 }
  left = 0
  readonly dials = { tried: 0, failed: 0 }
  readonly outcomes = new Map<string, number>()
  readonly notices = { info: 0, warning: 0 }
  /** Journal writes by the first bucket that holds them; the last is for longer ones. */
  readonly writes: number[] = [...writeBucketsS, 0].map(() => 0)
  writesS = 0
  writesFailed = 0

  countIn(message: CoreMessage, bytes: number): void {
    add(this.messagesIn, message.type)
    this.bytesIn += bytes
  }

  countOut(message: CoreMessage, bytes: number): void {
    add(this.messagesOut, message.type)
    this.bytesOut += bytes
  }

  countWrite(elapsedMs: number): void {
    const elapsedS = elapsedMs / 1_000
    const at = writeBucketsS.findIndex((bound) => elapsedS <= bound)
    const bucket = at < 0 ? writeBucketsS.length : at
    this.writes[bucket] = (this.writes[bucket] ?? 0) + 1
    this.writesS += elapsedS
  }

  countEvent(event: EventBody): void {
    if (event.type === 'neighbour-left') this.left++
    if (event.type === 'dial-failed') this.dials.failed++
    if (event.type !== 'units-executed') return
    for (const outcome of event.outcomes)
      add(this.outcomes, outcome.kind === 'abort' ? outcome.reason : outcome.kind)
  }

  countEffect(effect: EffectBody): void {
    if (effect.type === 'dial') this.dials.tried++
    if (effect.type === 'notice') this.notices[effect.level]++
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
