/** Copies what the compiler leaves out (built kernels) beside the compiled files that load it. */
import { cp, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'

const from = path.resolve('tasks/kernels')
const to = path.resolve('dist/tasks/kernels')

await mkdir(to, { recursive: true })
for (const name of await readdir(from).catch(() => [])) {
  if (name.endsWith('.wasm')) await cp(path.join(from, name), path.join(to, name))
}
