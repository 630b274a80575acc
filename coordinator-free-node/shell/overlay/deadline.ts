/** Time-outs that leave nothing behind: no timer, no listener on a signal that lives as long as the node. */
import { setMaxListeners } from 'node:events'

export interface Deadline {
  signal: AbortSignal
  /** True once the time ran out, false when another signal ended it. */
  isExpired(): boolean
  clear(): void
}

/** @param others  signals that end it early; undefined ones are skipped */
export function startDeadline(ms: number, ...others: (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController()
  // libp2p hangs a listener on it for every step of a dial and a query.
  setMaxListeners(0, controller.signal)
  let expired = false
  const abort = () => controller.abort(new Error('given up'))
  const timer = setTimeout(() => {
    expired = true
    controller.abort(new Error(`no answer within ${ms / 1000} s`))
  }, ms)
  for (const other of others) {
    if (other?.aborted === true) abort()
    other?.addEventListener('abort', abort)
  }
  return {
    signal: controller.signal,
    isExpired: () => expired,
    clear() {
      clearTimeout(timer)
      for (const other of others) other?.removeEventListener('abort', abort)
    },
  }
}

/** The promise, or a rejection with the signal's reason; the promise itself runs on. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
