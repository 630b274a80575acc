/**
 * Builds the C kernels of examples/kernels/c and test/kernels, each NAME.c to NAME.wasm beside it. The modules are
 * committed, so that nobody needs the compiler: without clang, or without what it needs, nothing is built, with a word.
 * A kernel that includes manyhands.h is built freestanding, any other as a WASI command.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const folders = ['examples/kernels/c', 'test/kernels']

const common = ['-O2', '-Wall', '-Wextra', '-Werror']
const kernel = [
  '--target=wasm32',
  '-mbulk-memory',
  '-nostdlib',
  '-Wl,--no-entry',
  '-Wl,--strip-all',
]
const command = ['--target=wasm32-wasi', '-Wl,--strip-all']

function clang(args) {
  return spawnSync('clang', args, { cwd: root, encoding: 'utf8' })
}

/** Why nothing can be built here; undefined when all is there. */
function lacking() {
  if (clang(['--version']).error !== undefined) return 'there is no clang here'
  const linker = clang(['--target=wasm32', '-print-prog-name=wasm-ld']).stdout.trim()
  if (!path.isAbsolute(linker)) return 'this clang has no wasm-ld (package lld)'
  const library = clang([...command, '-print-file-name=crt1-command.o']).stdout.trim()
  if (!existsSync(library)) return 'this clang has no C library for WASI (package wasi-libc)'
  return undefined
}

async function build(file) {
  const source = await readFile(path.join(root, file), 'utf8')
  const flags = source.includes('#include <manyhands.h>')
    ? [...kernel, '-I', 'tasks/include']
    : [...command, '-lm']
  const out = file.replace(/\.c$/, '.wasm')
  const { status, stderr } = clang([...common, file, ...flags, '-o', out])
  if (status !== 0) throw new Error(`${file}:\n${stderr}`)
  console.log(`${out} ${(await stat(path.join(root, out))).size} bytes`)
}

const reason = lacking()
if (reason !== undefined) {
  console.log(`C kernels are not built: ${reason}; the committed modules stay`)
} else {
  for (const folder of folders)
    for (const name of (await readdir(path.join(root, folder))).sort())
      if (name.endsWith('.c')) await build(`${folder}/${name}`)
}
