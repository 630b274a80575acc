/**
 * Runs the corpus on the Node that runs this file, in a thread as units have it, and writes a line of JSON for each
 * kernel: its name, its answer and the time it took. The first line names the engine. The argument is what to run, as JSON.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { loadJsEngine } from '../../dist/coordinator-free-node/shell/executor/js-engine.js'
import { corpus } from './corpus.mjs'
import { createKernelRunner } from './kernel-runner.mjs'

/** Of a thread of the executor. */
const threadHeapMb = 256

if (isMainThread) {
  const thread = new Worker(fileURLToPath(import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMb },
  })
  const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
  write({ engine: `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.arch}` })
  thread.on('message', write)
  thread.postMessage(JSON.parse(process.argv[2] ?? 'null'))
} else {
  // Listening keeps the thread alive: Node does not wait for a compilation that runs in the background.
  parentPort?.on('message', (wanted) => void runAll(wanted))
}

/** @param {import('./platforms.mjs').Wanted} wanted */
async function runAll({ names, isGuarded }) {
  const run = await createKernelRunner(await loadJsEngine(), isGuarded)
  for (const kernel of corpus) {
    if (!names.includes(kernel.name)) continue
    const startMs = performance.now()
    const answer = await run(kernel, await readFile(new URL(kernel.file, import.meta.url)))
    const ms = Math.round(performance.now() - startMs)
    parentPort?.postMessage({ name: kernel.name, answer, ms })
  }
  parentPort?.close()
}
