/** Time for those who may know it: the driver. The core only sees `nowMs` in events. */
export interface Clock {
  /** Milliseconds, monotonic, from any origin. */
  nowMs(): number
  /** Calls back once, no earlier than `atMs`; @returns a function that forgets it */
  wakeAt(atMs: number, callback: () => void): () => void
}
