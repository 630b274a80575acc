/** Seeded draws; the same seed gives the same module for ever. */
import { nextUint32, seedRandom } from '../../dist/coordinator-free-node/core/kit/random.js'

export class Dice {
  #random

  /** @param {number} seed  any integer */
  constructor(seed) {
    this.#random = seedRandom(seed)
  }

  /** @returns {number} an integer from 0 up to, not including, `count` */
  below(count) {
    return nextUint32(this.#random) % count
  }

  /** True once in `count` times. */
  oneIn(count) {
    return this.below(count) === 0
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.below(list.length)]
  }

  /** Often small, sometimes at the edges of 32 bits. */
  number() {
    const edges = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 65_535, 65_536, 255]
    if (this.oneIn(4)) return this.pick(edges)
    return this.oneIn(3) ? nextUint32(this.#random) | 0 : this.below(64) - 8
  }
}
