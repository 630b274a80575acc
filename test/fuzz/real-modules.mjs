/** WebAssembly of real programs that lies in the repository or comes with its dependencies, to be damaged. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

/** @returns {Uint8Array[]} in an order that does not change */
export function realModules() {
  const kernels = path.join(root, 'tasks/kernels')
  const own = readdirSync(kernels)
    .filter((name) => name.endsWith('.wasm'))
    .sort()
    .map((name) => path.join(kernels, name))
  const engine = require.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
  return [...own, engine].map((file) => new Uint8Array(readFileSync(file)))
}
