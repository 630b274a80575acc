/**
 * One process of the suite executor-speed: `node speed-process.mjs KERNEL AMOUNT ROUNDS [PROGRAM]` prints its rounds as
 * JSON. PROGRAM is the kernel compiled natively.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { guardExports, guardModule } from '../../dist/coordinator-free-node/guard/guard.js'
import { plainKernels } from '../kernels/plain.mjs'
import { takeTurns } from '../measure.mjs'

const kernels = fileURLToPath(new URL('../kernels/', import.meta.url))

/** Calls before the first round: engines replace their quick first code by better after some. */
const callsToTierUp = 8

const [kernel, amountText, roundsText, file] = process.argv.slice(2)
const amount = Number(amountText)
const program = file === undefined ? undefined : startProgram(file)
const contenders = contendersOf()
await checkSame()
const timed = contenders.map(({ name, call }) => ({ name, run: async () => (await call()).ms }))
const taken = await takeTurns(timed, { rounds: Number(roundsText), warmups: callsToTierUp })
console.log(JSON.stringify(taken))
program?.child.kill()

function contendersOf() {
  const contenders = []
  const add = (name, call) => contenders.push({ name, call })
  const fromC = readFileSync(path.join(kernels, `${kernel}.wasm`))
  add('C', timedCall(instantiate(fromC).work))
  add('C guarded', timedCall(instantiate(guard(fromC)).work))
  const fromAssembly = readFileSync(path.join(kernels, 'assembly.wasm'))
  add('AssemblyScript', timedCall(instantiate(fromAssembly)[kernel]))
  add('AssemblyScript guarded', timedCall(instantiate(guard(fromAssembly))[kernel]))
  add('JavaScript', timedCall(plainKernels[kernel]))
  if (program !== undefined) add('native', () => program.ask(amount))
  return contenders
}

function timedCall(call) {
  return () => {
    const before = process.cpuUsage()
    const checksum = call(amount) >>> 0
    const { user, system } = process.cpuUsage(before)
    return { ms: (user + system) / 1000, checksum }
  }
}

function guard(module) {
  return guardModule(module, { memoryBytesMax: 2 ** 30, exports: 'all' }).module
}

function instantiate(module) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module))
  const fuel = exports[guardExports.fuel]
  if (fuel !== undefined) fuel.value = 2n ** 62n
  return exports
}

async function checkSame() {
  const checksums = new Map()
  for (const { name, call } of contenders) checksums.set(name, (await call()).checksum)
  if (new Set(checksums.values()).size > 1)
    throw new Error(`${kernel}: the checksums differ: ${JSON.stringify([...checksums])}`)
}

function startProgram(file) {
  const child = spawn(file, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    ask: async (amount) => {
      child.stdin.write(`${amount}\n`)
      const { value = '' } = await lines.next()
      const [nanoseconds = '0', checksum = '0'] = value.split(' ')
      return { ms: Number(nanoseconds) / 1e6, checksum: Number(checksum) }
    },
  }
}
