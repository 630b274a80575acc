/** Builds bench/kernels/*.wasm: from AssemblyScript always, from C where clang is. The modules are committed. */
import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const kernels = fileURLToPath(new URL('./kernels/', import.meta.url))
const header = fileURLToPath(new URL('../tasks/include/', import.meta.url))

const { error, stderr } = await asc.main(
  [
    path.join(kernels, 'assembly/work.ts'),
    ...['--outFile', 'work.wasm', '--runtime', 'stub', '--use', 'abort=', '-O3', '--noAssert'],
    ...['--baseDir', '/'],
  ],
  { writeFile: (_, contents) => writeFileSync(path.join(kernels, 'assembly.wasm'), contents) },
)
if (error !== null) throw new Error(`${error.message}\n${stderr.toString()}`)

const sources = readdirSync(path.join(kernels, 'c'))
  .filter((name) => name.endsWith('.c'))
  .map((name) => path.join(kernels, 'c', name))
for (const source of [...sources, path.join(kernels, 'echo.c')]) {
  const out = path.join(kernels, `${path.basename(source, '.c')}.wasm`)
  const flags = [
    ...['--target=wasm32', '-O3', '-nostdlib', '-ffreestanding', '-fno-builtin', '-mbulk-memory'],
    ...['-mnontrapping-fptoint', '-msign-ext', '-Wl,--no-entry', '-Wl,--strip-all', '-I', header],
  ]
  const built = spawnSync('clang', [...flags, '-o', out, source], { stdio: 'inherit' })
  if (built.error !== undefined) {
    console.log('clang is not here: the modules from C stay as they are')
    break
  }
  if (built.status !== 0) process.exit(1)
}
