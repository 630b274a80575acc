/** The kernels that docs/kernels.md shows, built as it says. C is left out where there is no clang for WebAssembly. */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { guardModule } from '../../../coordinator-free-node/guard/guard.js'
import { encodeRange } from '../../../coordinator-free-node/protocol/manifest.js'
import { runWasm } from '../../../coordinator-free-node/shell/executor/wasm-runtime.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

let folder = ''
let page = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'manyhands-docs-'))
  page = await readFile(path.join(root, 'docs/kernels.md'), 'utf8')
  await mkdir(path.join(folder, 'node_modules/manyhands'), { recursive: true })
  // As the package is installed; what is compiled into it stands in the source tree.
  await mkdir(path.join(folder, 'node_modules/manyhands/dist'))
  await symlink(
    path.join(root, 'tasks'),
    path.join(folder, 'node_modules/manyhands/dist/tasks'),
    'dir',
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The first block of the page in a language, and the indented command that begins with the word. */
function sampleOf(language: string, command: string): { source: string; args: string[] } {
  const source = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1]
  const line = new RegExp(`^    ${command} ((?:.*\\\\\\n)*.*)$`, 'm').exec(page)?.[1]
  if (source === undefined || line === undefined) throw new Error(`no sample in ${language}`)
  return { source, args: line.replaceAll('\\\n', ' ').trim().split(/\s+/) }
}

async function sumOf(file: string): Promise<bigint> {
  const code = new Uint8Array(await readFile(path.join(folder, file)))
  const { module } = guardModule(code, { memoryBytesMax: 1 << 20 })
  const outcome = runWasm({
    module: new WebAssembly.Module(new Uint8Array(module)),
    input: encodeRange({ start: -1_000_000_007, end: 9_000_000_000 }),
    params: new Uint8Array(),
    random: () => {},
    fuelMax: 1e12,
  })
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
  return new DataView(outcome.output.slice().buffer).getBigInt64(0, true)
}

const linker = spawnSync('clang', ['--target=wasm32', '-print-prog-name=wasm-ld'], {
  encoding: 'utf8',
})
const hasClang = linker.error === undefined && path.isAbsolute(linker.stdout.trim())
if (!hasClang)
  console.warn('no clang for WebAssembly here: the sample in C is not built')

  // The compiler finds a formula for the sum, which takes a multiplication of 128 bits that no library is there for.
;(hasClang ? test : test.skip)('the one in C sums a range', async () => {
  const { source, args } = sampleOf('c', 'clang')
  await writeFile(path.join(folder, 'sum.c'), source)
  const { status, stderr } = spawnSync('clang', args, { cwd: folder, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [start, end] = [-1_000_000_007n, 9_000_000_000n]
  expect(await sumOf('sum.wasm')).toBe(BigInt.asIntN(64, ((end - start) * (start + end - 1n)) / 2n))
})

test('the one in AssemblyScript is built to a module that the guard accepts', async () => {
  const { source, args } = sampleOf('ts', 'npx asc')
  await writeFile(path.join(folder, 'sum.ts'), source)
  const compiler = path.join(root, 'node_modules/assemblyscript/bin/asc.js')
  const { status, stderr } = spawnSync(process.execPath, [compiler, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const code = new Uint8Array(await readFile(path.join(folder, 'sum.wasm')))
  expect(guardModule(code, { memoryBytesMax: 1 << 20 }).shape).toBe('kernel')
}, 60_000)
