/** One kind of abuse in a process of its own: `node abuser.mjs KIND TARGET-AS-JSON`. Says what it saw once a second. */
import { setMaxListeners } from 'node:events'
import { Diary, floods } from './floods.mjs'

const [, , kind, target] = process.argv
const stop = new AbortController()
setMaxListeners(0, stop.signal)
// A flood is not stopped by what libp2p thinks of how it was cut.
process.on('uncaughtException', () => {})
process.on('unhandledRejection', () => {})
process.on('disconnect', () => process.exit())
const diary = new Diary()

if (kind === 'idle') {
  // Takes what an abuser would take of the machine, and leaves the node alone.
  const spin = () => {
    const endMs = performance.now() + 10
    while (performance.now() < endMs);
    setImmediate(spin)
  }
  spin()
} else {
  const timer = setInterval(() => process.send?.({ ...diary }), 500)
  void floods[kind].run(JSON.parse(target), { diary, stopped: stop.signal })
  timer.ref()
}
