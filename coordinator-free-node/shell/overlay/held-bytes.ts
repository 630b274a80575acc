/**
 * Memory that neighbours fill, one count for all: what was received and not handled, or waits to be sent. Each has a
 * bound of its own, too generous for hundreds of them at a time; when all together have too much, the one that has
 * most is cut.
 */
export class HeldBytes<Holder extends object> {
  readonly #bytesMax: number
  readonly #cut: (holder: Holder, bytes: number) => void
  readonly #held = new Map<Holder, number>()
  #total = 0
  /** The most there ever was, and how many were cut. */
  peak = 0
  cuts = 0

  constructor(bytesMax: number, cut: (holder: Holder, bytes: number) => void) {
    this.#bytesMax = bytesMax
    this.#cut = cut
  }

  get total(): number {
    return this.#total
  }

  /** @param bytes  what this one holds now */
  note(holder: Holder, bytes: number): void {
    this.#total += bytes - (this.#held.get(holder) ?? 0)
    if (bytes === 0) this.#held.delete(holder)
    else this.#held.set(holder, bytes)
    this.peak = Math.max(this.peak, this.#total)
    while (this.#total > this.#bytesMax) this.#cutBiggest()
  }

  #cutBiggest(): void {
    let biggest: [Holder, number] | undefined
    for (const entry of this.#held)
      if (biggest === undefined || entry[1] > biggest[1]) biggest = entry
    if (biggest === undefined) return
    const [holder, bytes] = biggest
    this.#held.delete(holder)
    this.#total -= bytes
    this.cuts++
    this.#cut(holder, bytes)
  }
}
