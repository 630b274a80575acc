/**
 * Stamps at the door: asks others for theirs where this node's volunteer wants that, and gets this node one as soon as
 * somebody asks. A stamp is kept for as long as it counts; working for it takes a thread at the lowest priority.
 */
import { scrypt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PeerId } from '../../protocol/ids.js'
import {
  bitsAskedFor,
  epochAt,
  isCurrent,
  packStamp,
  stampBitsMax,
  stampDigestBytes,
  stampInput,
  stampRefusal,
  stampSalt,
  stampWork,
  unpackStamp,
  zeroBitsOf,
} from '../../protocol/stamp.js'
import type { CredentialsDesk } from './credentials.js'
import type { StampOrder } from './stamp-solver.js'

/** Checks at once: each takes a thread of Node's pool and 16 MiB, and the disk needs threads as well. */
const checksAtOnce = 2
/** Checks that wait: above it strangers are sent away, to come back later. */
const checksWaiting = 32
/** A good one is believed for so long without its stamp being looked at. */
const goodMs = 86_400_000
/** Peers whose stamps are known, good or bad; the oldest goes first. */
const judgedMax = 4_096
/** A peer whose stamps were no good so often, a smaller one that was for somebody else aside, waits for so long. */
const badTriesMax = 3
const badMs = 60_000

export interface StampOfficeOptions {
  self: PeerId
  /** Zero bits that this node asks of others; 0: none. */
  bits: number
  /** What was earned in earlier lives. */
  kept: Uint8Array | undefined
  keep(stamp: Uint8Array): Promise<void>
  nowUtcMs(): number
  log(text: string): void
}

interface Judged {
  bits: number
  untilUtcMs: number
  badTries: number
}

export class StampOffice {
  readonly #options: StampOfficeOptions
  readonly #judged = new Map<PeerId, Judged>()
  #own: { stamp: Uint8Array; bits: number } | undefined
  #earning: { bits: number; done: Promise<boolean>; worker: Worker } | undefined
  #checks = 0
  readonly #waiting: (() => void)[] = []

  static async open(options: StampOfficeOptions): Promise<StampOffice> {
    const office = new StampOffice(options)
    const { kept, self, nowUtcMs } = options
    const bits = kept && (await worthOf(self, kept, nowUtcMs()))
    if (kept !== undefined && bits !== undefined) office.#own = { stamp: kept, bits }
    return office
  }

  private constructor(options: StampOfficeOptions) {
    this.#options = options
  }

  /** The desk behind this one is asked first: whoever it refuses is not worth a hash. */
  deskBefore(desk: CredentialsDesk): CredentialsDesk {
    return {
      own: () => ({ ...desk.own(), stamp: this.#own?.stamp }),
      judge: async (peer, theirs) =>
        (await desk.judge(peer, theirs)) ?? (await this.#judge(peer, theirs.stamp)),
      refused: (reason) => {
        desk.refused?.(reason)
        void this.earn(reason)
      },
    }
  }

  /**
   * Works for a stamp when a refusal asks for one.
   * @returns whether there is one now that there was not when it was refused
   */
  earn(refusal: string): Promise<boolean> {
    const bits = bitsAskedFor(refusal)
    if (bits === undefined || bits > stampBitsMax) return Promise.resolve(false)
    const hasIt = this.#own !== undefined && this.#own.bits >= bits && this.#isOwnCurrent()
    if (hasIt) return Promise.resolve(true)
    if (this.#earning !== undefined && this.#earning.bits >= bits) return this.#earning.done
    void this.#earning?.worker.terminate()
    this.#options.log(`a peer asks for a stamp of ${bits} bits: this node works for one`)
    const epoch = epochAt(this.#options.nowUtcMs())
    const order: StampOrder = { peer: this.#options.self, epoch, bits }
    const file = fileURLToPath(new URL('./stamp-solver.js', import.meta.url))
    const worker = new Worker(file, { workerData: order, env: {} })
    const done = new Promise<boolean>((resolve) => {
      worker.once('message', (nonce: Uint8Array) => {
        this.#own = { stamp: packStamp({ epoch, nonce }), bits }
        this.#options.keep(this.#own.stamp).catch((error: unknown) => {
          this.#options.log(`the stamp cannot be kept: ${String(error)}`)
        })
        resolve(true)
      })
      worker.once('error', (error) => {
        this.#options.log(`no stamp could be made: ${error.message}`)
        resolve(false)
      })
      worker.once('exit', () => resolve(false))
    })
    const earning = { bits, done, worker }
    this.#earning = earning
    void done.then(() => {
      if (this.#earning === earning) this.#earning = undefined
    })
    return done
  }

  async stop(): Promise<void> {
    await this.#earning?.worker.terminate()
  }

  #isOwnCurrent(): boolean {
    const stamp = this.#own && unpackStamp(this.#own.stamp)
    return stamp !== undefined && isCurrent(stamp, this.#options.nowUtcMs())
  }

  async #judge(peer: PeerId, stamp: Uint8Array | undefined): Promise<string | undefined> {
    const { bits, nowUtcMs } = this.#options
    if (bits === 0) return undefined
    const found = this.#judged.get(peer)
    const known = found !== undefined && found.untilUtcMs > nowUtcMs() ? found : undefined
    if (known !== undefined && known.bits >= bits) return undefined
    if (stamp === undefined) return stampRefusal(bits)
    if (known !== undefined && known.badTries >= badTriesMax)
      return 'its stamps were no good a moment ago'
    if (this.#waiting.length >= checksWaiting) return 'too many stamps wait to be checked'
    const worth = (await this.#inTurn(() => worthOf(peer, stamp, nowUtcMs()))) ?? 0
    const isGood = worth >= bits
    this.#remember(peer, {
      bits: worth,
      untilUtcMs: nowUtcMs() + (isGood ? goodMs : badMs),
      badTries: isGood ? 0 : (known?.badTries ?? 0) + 1,
    })
    return isGood ? undefined : stampRefusal(bits)
  }

  #remember(peer: PeerId, judged: Judged): void {
    this.#judged.delete(peer)
    this.#judged.set(peer, judged)
    const oldest = this.#judged.size > judgedMax ? this.#judged.keys().next().value : undefined
    if (oldest !== undefined) this.#judged.delete(oldest)
  }

  async #inTurn<T>(check: () => Promise<T>): Promise<T> {
    while (this.#checks >= checksAtOnce)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#checks++
    try {
      return await check()
    } finally {
      this.#checks--
      this.#waiting.shift()?.()
    }
  }
}

/** @returns zero bits of a stamp's digest; undefined for what is no stamp of now */
function worthOf(peer: PeerId, bytes: Uint8Array, nowUtcMs: number): Promise<number | undefined> {
  const stamp = unpackStamp(bytes)
  if (stamp === undefined || !isCurrent(stamp, nowUtcMs)) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    scrypt(stampInput(peer, stamp), stampSalt, stampDigestBytes, stampWork, (error, digest) => {
      if (error === null) resolve(zeroBitsOf(digest))
      else reject(error)
    })
  })
}
