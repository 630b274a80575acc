/**
 * How long a neighbour has been silent, by a count that our own stalls cannot fool.
 *
 * Silence is counted in ticks, not by the clock: however long this process was blocked, the late tick counts as a
 * quarter of one, and the bytes that waited in the socket are read before the next. Without it an overloaded node
 * declares everybody dead at once (measured: libp2p's own monitor lost every connection, for good).
 */

/** A tick later than this many periods says that our own loop was stalled. */
const lateAfterPeriods = 1.5
const lateWeight = 0.25

export interface TickClock {
  /** Milliseconds of silence that this tick stands for. */
  weighTick(nowMs: number): number
}

/** @param periodMs  how often the tick is due */
export function tickClock(periodMs: number, startMs: number): TickClock {
  let lastMs = startMs
  return {
    weighTick(nowMs) {
      const late = nowMs - lastMs > periodMs * lateAfterPeriods
      lastMs = nowMs
      return late ? periodMs * lateWeight : periodMs
    },
  }
}

/** What passed on a line since the last tick. */
export interface Activity {
  /** Bytes came, or we were not listening. */
  heard: boolean
  /** Bytes were sent. */
  spoke: boolean
  /** A message came or went: beats are none. */
  mailed: boolean
}

/** Part of the longest silence after which a beat is sent: two before it is over, and few to wake an idle machine for. */
const beatShare = 0.4
/** On a line without messages, silence may last so many times as long. */
const calmFactor = 4
/**
 * Longest silences without a message after which a line is calm: by then whoever died with the last one is noticed. The
 * side that speaks takes longer to be calm than the side that listens, so beats are never rarer than they are expected.
 */
const listenerCalmAfter = 2
const speakerCalmAfter = 3

/**
 * Silence in both directions, of one neighbour.
 *
 * Where messages pass, units may be at stake, and a dead peer has to be noticed soon. A line without any is calm: twenty
 * neighbours that only prove they are alive would be most of what an idle node does.
 */
export class Silence {
  readonly #silenceMs: number
  #heardMs = 0
  #spokeMs = 0
  #calmMs = 0
  /** The tick that is running when it begins is not its own. */
  #isFresh = true

  /** @param silenceMs  the longest silence on a line that messages pass on */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs
  }

  /** @param tickMs  what this tick stands for, milliseconds */
  count(tickMs: number, { heard, spoke, mailed }: Activity): void {
    // A peer that was allowed a long silence so far is not blamed for it because we have something to say.
    const awakes = mailed && this.#calmMs > listenerCalmAfter * this.#silenceMs
    this.#heardMs = heard || awakes || this.#isFresh ? 0 : this.#heardMs + tickMs
    this.#spokeMs = spoke ? 0 : this.#spokeMs + tickMs
    this.#calmMs = mailed ? 0 : this.#calmMs + tickMs
    this.#isFresh = false
  }

  /** How long nothing came, milliseconds. */
  get heardMs(): number {
    return this.#heardMs
  }

  /** Whether nothing came for longer than a living peer would be silent. */
  get isOver(): boolean {
    return this.#heardMs >= this.#longestMs(listenerCalmAfter)
  }

  /** Whether it is time to show that we live. */
  get asksForBeat(): boolean {
    return this.#spokeMs >= beatShare * this.#longestMs(speakerCalmAfter)
  }

  #longestMs(calmAfter: number): number {
    const isCalm = this.#calmMs > calmAfter * this.#silenceMs
    return isCalm ? calmFactor * this.#silenceMs : this.#silenceMs
  }
}
