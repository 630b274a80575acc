/** Loads the JavaScript engine's WebAssembly from its package. Apart from the runtime, which a browser shares. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { compileEngine } from './js-engine-image.js'

/** Takes some 20 ms: once a thread. */
export async function loadJsEngine(): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
  return compileEngine(new Uint8Array(await readFile(file)))
}
