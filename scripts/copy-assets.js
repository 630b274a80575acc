/** Copies what the compiler leaves out: built kernels beside the files that load them, and the header for authors. */
import { cp, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'

const from = path.resolve('tasks/kernels')
const to = path.resolve('dist/tasks/kernels')

await mkdir(to, { recursive: true })
for (const name of await readdir(from).catch(() => [])) {
  if (name.endsWith('.wasm')) await cp(path.join(from, name), path.join(to, name))
}
await cp(path.resolve('tasks/include'), path.resolve('dist/tasks/include'), { recursive: true })
