/**
 * Builds each tasks/kernels/<name>/assembly/index.ts to tasks/kernels/<name>.wasm, and each
 * examples/kernels/assemblyscript/assembly/<name>.ts to examples/kernels/assemblyscript/<name>.wasm. The modules are committed, so
 * that users need no compiler; `--check` tells whether they are still what the sources give. Names of kernels as
 * arguments build those alone.
 */
import { access, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { unrollHashSearch } from './unroll-hash-search.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const kernels = path.join(root, 'tasks/kernels')
const examples = path.join(root, 'examples/kernels/assemblyscript')

/** WebAssembly memory of a kernel at its largest, in pages of 64 KiB; 16 pages unless its inputs need more. */
const pagesMax = { 'hash-tree': 192, mandelbrot: 192, 'word-count': 512 }

async function kernelNames() {
  const folders = (await readdir(kernels, { withFileTypes: true })).filter((e) => e.isDirectory())
  const names = folders.map((folder) => folder.name).sort()
  const isKernel = await Promise.all(
    names.map((name) =>
      access(path.join(kernels, name, 'assembly/index.ts')).then(
        () => true,
        () => false,
      ),
    ),
  )
  return names.filter((_, index) => isKernel[index])
}

function buildKernel(name) {
  const pages = ['--maximumMemory', String(pagesMax[name] ?? 16)]
  return build(`tasks/kernels/${name}/assembly/index.ts`, [
    '--noAssert',
    '--enable',
    'simd',
    ...pages,
  ])
}

async function build(entry, flags) {
  let module
  const { error, stderr } = await asc.main(
    [
      entry,
      ...['--baseDir', root, '--outFile', 'kernel.wasm', '--runtime', 'stub', '--use', 'abort='],
      ...['-O3', ...flags],
    ],
    {
      writeFile: (_file, contents) => {
        module = contents
      },
    },
  )
  if (error !== null) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`)
  return module
}

const isCheck = process.argv.includes('--check')
let stale = 0

/** Writes the file, or with `--check` compares it. */
async function put(file, contents) {
  const name = path.relative(root, file)
  if (!isCheck) {
    await writeFile(file, contents)
    console.log(`${name} ${contents.length} bytes`)
  } else if (!contents.equals(await readFile(file).catch(() => Buffer.alloc(0)))) {
    stale += 1
    console.error(`${name} differs from its sources; run npm run build:kernels`)
  }
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
await put(path.join(kernels, 'hash-search/assembly/lanes.ts'), Buffer.from(unrollHashSearch()))
for (const name of wanted.length > 0 ? wanted : await kernelNames()) {
  await put(path.join(kernels, `${name}.wasm`), Buffer.from(await buildKernel(name)))
}
if (wanted.length === 0)
  for (const file of await readdir(path.join(examples, 'assembly'))) {
    const entry = path.relative(root, path.join(examples, 'assembly', file))
    const module = path.join(examples, file.replace(/\.ts$/, '.wasm'))
    await put(module, Buffer.from(await build(entry, [])))
  }
if (stale > 0) process.exitCode = 1
