/** A thread of the wire's fuzzer: takes seeds, tells how they went. The seed at work stands in shared memory, for the watch. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkSeed, isLive, makeWorld } from './wire-checks.mjs'
import { makePersons } from './wire-persons.mjs'

const at = new Int32Array(workerData.current)
const world = makeWorld(await makePersons())

parentPort.on('message', ({ from, count }) => {
  const verdicts = {}
  const broken = []
  let done = 0
  for (let seed = from; seed < from + count; seed++) {
    // Those are the node's, which is one for all threads.
    if (isLive(seed)) continue
    Atomics.store(at, 0, seed)
    const { verdict, broken: words } = checkSeed(seed, world)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    if (words !== undefined) broken.push({ seed, words })
    done++
  }
  Atomics.store(at, 0, -1)
  parentPort.postMessage({ count: done, verdicts, broken })
})
