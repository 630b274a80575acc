/** Runs the corpus in a browser, and posts every answer to the server that it came from. */
import { compileEngine } from '../../dist/coordinator-free-node/shell/executor/js-engine-image.js'
import { corpus } from './corpus.mjs'
import { createKernelRunner } from './kernel-runner.mjs'

const post = (path, value) => fetch(path, { method: 'POST', body: JSON.stringify(value) })

async function runAll() {
  const { names, isGuarded } = await (await fetch('/wanted')).json()
  const engine = await (await fetch('/engine.wasm')).arrayBuffer()
  const run = await createKernelRunner(await compileEngine(new Uint8Array(engine)), isGuarded)
  for (const kernel of corpus) {
    if (!names.includes(kernel.name)) continue
    const url = new URL(kernel.file, import.meta.url)
    const code = new Uint8Array(await (await fetch(url)).arrayBuffer())
    const startMs = performance.now()
    const answer = await run(kernel, code)
    const ms = Math.round(performance.now() - startMs)
    await post('/line', { name: kernel.name, answer, ms })
  }
  await post('/end', null)
}

runAll().catch((error) => post('/fault', String(error?.stack ?? error)))
