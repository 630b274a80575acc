/** A thread of the fuzzer: takes seeds, tells how they went. The seed at work stands in shared memory, for the watch. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkSeed } from './guard-checks.mjs'

const { real, current } = workerData
const at = new Int32Array(current)

parentPort.on('message', ({ from, count }) => {
  const verdicts = {}
  const broken = []
  let growthMax = 0
  for (let seed = from; seed < from + count; seed++) {
    Atomics.store(at, 0, seed)
    const { verdict, growth, broken: words } = checkSeed(seed, real)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    growthMax = Math.max(growthMax, growth)
    if (words !== undefined) broken.push({ seed, words })
  }
  Atomics.store(at, 0, -1)
  parentPort.postMessage({ count, verdicts, broken, growthMax })
})
