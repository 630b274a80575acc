/** Ctrl-C and SIGTERM: the first asks for an orderly end, a second Ctrl-C takes it by force. */

export interface InterruptHandlers {
  onFirst(signal: NodeJS.Signals): void
  /** Runs synchronously just before the process ends. */
  onSecond?(): void
}

/** @returns stops listening */
export function onInterrupts(handlers: InterruptHandlers): () => void {
  let interrupted = false
  const listen = (signal: NodeJS.Signals) => {
    if (interrupted) {
      // A supervisor may repeat SIGTERM; only a person's second Ctrl-C means "at once".
      if (signal === 'SIGTERM') return
      handlers.onSecond?.()
      process.exit(130)
    }
    interrupted = true
    handlers.onFirst(signal)
  }
  process.on('SIGINT', listen)
  process.on('SIGTERM', listen)
  return () => {
    process.off('SIGINT', listen)
    process.off('SIGTERM', listen)
  }
}
