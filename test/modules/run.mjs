/**
 * `npm run modules`: WebAssembly of real packages through the guard. Accepted, then equal in what it gives; or refused
 * with a reason that a person understands.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { guardModule, ModuleFault } from '../../dist/coordinator-free-node/guard/guard.js'
import { modulesIn, packages } from './packages.mjs'

const isJson = process.argv.includes('--json')
const cache = path.join(os.tmpdir(), 'manyhands-modules')

let failed = 0
let passed = 0
for (const [place, entry] of packages.entries()) {
  if (process.stderr.isTTY)
    process.stderr.write(`\r${place + 1}/${packages.length} ${entry.name.padEnd(40)}`)
  const folder = fetchPackage(entry)
  const rows =
    folder === undefined
      ? [{ verdict: 'skipped', words: 'cannot be fetched here' }]
      : judge(entry, folder)
  for (const row of rows) {
    if (row.ok === false) failed++
    else if (row.ok) passed++
    tell(entry, row)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function fetchPackage({ name, version, also = [] }) {
  const folder = path.join(cache, `${name.replaceAll('/', '+')}@${version}`)
  if (existsSync(path.join(folder, 'node_modules', name))) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', '--silent']
  const { status } = spawnSync('npm', ['install', ...flags, `${name}@${version}`, ...also], {
    cwd: folder,
  })
  return status === 0 ? folder : undefined
}

function judge(entry, folder) {
  if (entry.work === undefined) return judgeModules(entry, folder)
  const plain = work(entry, folder, 'plain')
  const guarded = work(entry, folder, 'guarded')
  if (plain.error !== undefined)
    return [{ ok: false, verdict: 'broken', words: `unguarded: ${plain.error}` }]
  if (guarded.error !== undefined) return [{ ok: false, verdict: 'broken', words: guarded.error }]
  if (guarded.modules.length === 0)
    return [{ ok: false, verdict: 'broken', words: 'it loaded no module' }]
  const before = guarded.modules.reduce((sum, module) => sum + module.before, 0)
  const after = guarded.modules.reduce((sum, module) => sum + module.after, 0)
  const isSame = plain.result === guarded.result
  const words = isSame ? '' : `${plain.result.slice(0, 80)} became ${guarded.result.slice(0, 80)}`
  return [
    {
      ok: isSame,
      verdict: isSame ? 'equal' : 'differs',
      words,
      modules: guarded.modules.length,
      bytes: before,
      growth: after / before,
      fuel: Number(guarded.fuel),
    },
  ]
}

/** Modules that are not run: accepted and valid, or refused in words. */
function judgeModules({ name }, folder) {
  return modulesIn(path.join(folder, 'node_modules', name)).map((file) => {
    const bytes = new Uint8Array(readFileSync(file))
    const label = path.basename(file)
    try {
      const { module } = guardModule(bytes, {
        memoryBytesMax: 2 ** 32 - 65_536,
        imports: 'any',
        exports: 'all',
      })
      const ok = WebAssembly.validate(module)
      return {
        ok,
        verdict: 'valid',
        words: label,
        modules: 1,
        bytes: bytes.length,
        growth: module.length / bytes.length,
      }
    } catch (error) {
      const ok = error instanceof ModuleFault
      return {
        ok,
        verdict: 'refused',
        words: `${label}: ${error.message}`,
        modules: 1,
        bytes: bytes.length,
      }
    }
  })
}

function work({ name }, folder, how) {
  const script = fileURLToPath(new URL('./one-package.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder, name, how], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 2 ** 28,
  })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1))
  return {
    error: `${stderr}`.split('\n').find((line) => /Error|Fault/.test(line)) ?? `exit ${status}`,
  }
}

function tell({ name, version, what }, { ok, verdict, words, modules, bytes, growth, fuel }) {
  if (isJson)
    return console.log(
      JSON.stringify({
        package: `${name}@${version}`,
        what,
        ok,
        verdict,
        words,
        modules,
        bytes,
        growth,
        fuel,
      }),
    )
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(60)}\r`)
  const size = bytes === undefined ? '' : `${Math.round(bytes / 1024)} kB`
  const factor = growth === undefined ? '' : `x${growth.toFixed(2)}`
  const spent = fuel === undefined ? '' : `${(fuel / 1e6).toFixed(1)} M fuel`
  const mark = ok === undefined ? '--  ' : ok ? 'ok  ' : 'FAIL'
  console.log(
    `${mark} ${`${name}@${version}`.padEnd(38)} ${verdict.padEnd(8)} ${size.padStart(8)} ${factor.padStart(6)} ${spent.padStart(16)}  ${words || what}`,
  )
}
