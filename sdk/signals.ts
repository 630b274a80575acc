/** Node warns of a leak at the eleventh listener of an abort signal; one signal for a hundred jobs is none. */
export function allowManyListeners(signal: AbortSignal): AbortSignal {
  if (typeof process !== 'undefined') {
    process.getBuiltinModule?.('node:events')?.setMaxListeners(0, signal)
  }
  return signal
}
