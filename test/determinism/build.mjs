/**
 * Builds the kernels of the determinism proof to modules/NAME.wasm, from text, AssemblyScript and C. The modules are
 * committed: `--check` tells whether they are still what text and AssemblyScript give. C needs clang with lld and
 * wasi-libc; without them its modules stay as they are, with a word.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import wabtFactory from 'wabt'
import { nanDoors } from './kernels/nan-doors.mjs'
import { traps } from './kernels/traps.mjs'
import { wideFrames } from './kernels/wide-frames.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const isCheck = process.argv.includes('--check')
let stale = 0

/** Writes a module, or with `--check` compares it. */
async function put(name, contents) {
  const file = path.join(here, 'modules', `${name}.wasm`)
  if (!isCheck) await writeFile(file, contents)
  else if (!contents.equals(await readFile(file).catch(() => Buffer.alloc(0)))) {
    stale += 1
    console.error(`modules/${name}.wasm differs from its source; run npm run build:determinism`)
  }
}

async function sources(folder, end) {
  const names = await readdir(path.join(here, 'kernels', folder))
  return names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length))
}

async function buildText() {
  const wabt = await wabtFactory()
  // Threads for the module that is to be refused.
  const features = {
    ...{ bulk_memory: true, reference_types: true, multi_value: true, simd: true },
    ...{ sat_float_to_int: true, sign_extension: true, threads: true, multi_memory: true },
  }
  const assemble = (name, text, isValid = true) => {
    const module = wabt.parseWat(`${name}.wat`, text, features)
    if (isValid) module.validate()
    const { buffer } = module.toBinary({ write_debug_names: false })
    module.destroy()
    return Buffer.from(buffer)
  }
  const folder = path.join(here, 'kernels/wat')
  const prelude = await readFile(path.join(folder, 'prelude.wat'), 'utf8')
  for (const name of await sources('wat', '.wat')) {
    if (name === 'prelude') continue
    const fields = await readFile(path.join(folder, `${name}.wat`), 'utf8')
    await put(name, assemble(name, `(module\n${prelude}\n${fields})`))
  }
  for (const [name, text] of Object.entries({ ...nanDoors, ...wideFrames }))
    await put(name, assemble(name, text()))
  // Some are not valid, and that is what they are for.
  for (const [name, text] of Object.entries(traps)) await put(name, assemble(name, text(), false))
}

async function buildAssembly(name) {
  let module
  const entry = `test/determinism/kernels/assembly/${name}.ts`
  const { error, stderr } = await asc.main(
    [
      ...[entry, '--baseDir', root, '--outFile', 'kernel.wasm', '--runtime', 'stub'],
      ...['--use', 'abort=', '-O3', '--noAssert', '--enable', 'simd'],
    ],
    {
      writeFile: (_file, contents) => {
        module = Buffer.from(contents)
      },
    },
  )
  if (error !== null) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`)
  return module
}

function clang(args) {
  return spawnSync('clang', args, { cwd: root, encoding: 'utf8' })
}

/** Clang's version decides about the bytes, so what is committed is not compared. */
async function buildC() {
  if (isCheck) return
  const scratch = await mkdtemp(path.join(tmpdir(), 'determinism-'))
  const out = path.join(scratch, 'kernel.wasm')
  for (const name of await sources('c', '.c')) {
    const file = `test/determinism/kernels/c/${name}.c`
    const isKernel = (await readFile(path.join(root, file), 'utf8')).includes('fold.h')
    const target = isKernel
      ? ['--target=wasm32', '-mbulk-memory', '-nostdlib', '-Wl,--no-entry', '-I', 'tasks/include']
      : ['--target=wasm32-wasi', '-lm']
    const vectors = name.startsWith('simd-') ? ['-msimd128', '-O3'] : ['-O2']
    const warnings = ['-Wall', '-Wextra', '-Werror']
    const { error, status, stderr } = clang([
      ...[...vectors, ...warnings, file, ...target, '-Wl,--strip-all', '-o', out],
    ])
    if (error !== undefined || /wasm-ld|crt1|file not found/.test(status === 0 ? '' : stderr)) {
      console.log('C kernels are not built: clang, lld or wasi-libc is missing here')
      break
    }
    if (status !== 0) throw new Error(`${file}:\n${stderr}`)
    await put(name, await readFile(out))
  }
  await rm(scratch, { recursive: true })
}

await buildText()
for (const name of await sources('assembly', '.ts'))
  if (name !== 'fold') await put(name, await buildAssembly(name))
await buildC()
console.log(isCheck ? `${stale} modules are stale` : 'all modules are built')
if (stale > 0) process.exitCode = 1
