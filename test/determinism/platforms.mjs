/**
 * Where the corpus runs: several versions of Node, one of them with each of its compilers alone and as on an older
 * processor, a browser, and another architecture. What a machine does not have is skipped, with the reason.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runInBrowser } from './browser-host.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const cache = path.resolve(here, '../../node_modules/.cache/determinism')

/** The reason why a platform is not there. */
export class Skipped extends Error {}

const node20 = '20.20.2'
const node22 = '22.23.3'
const node24 = '24.21.0'

/** What processors before 2013 do not have; vectors need SSE 4.1, and nobody can do without. */
const olderProcessor = ['avx', 'avx2', 'fma3', 'bmi1', 'bmi2', 'lzcnt', 'popcnt'].map(
  (feature) => `--no-enable-${feature}`,
)

/** What a thread of Node has, less what the engine keeps for itself, in KiB; a page has 984 by itself. */
const stackKib = 3900

/**
 * @typedef Wanted
 * @property {readonly string[]} names  of kernels
 * @property {boolean} isGuarded
 */

/**
 * @typedef Platform
 * @property {(wanted: Wanted, onLine: (line: object) => void) => Promise<void>} run
 *   throws `Skipped` when it is not there
 * @property {boolean} isShallow  has so little stack that deep kernels may end there without a result
 * @property {boolean} isVague  has one word for several traps, so that a trap's words cannot be told
 */

/** @returns {Platform} */
const strict = (run) => ({ run, isShallow: false, isVague: false })

/** @type {Readonly<Record<string, Platform>>} */
export const platforms = {
  node20: strict(nodeFromRegistry(node20)),
  node22: strict(nodeFromRegistry(node22)),
  node24: strict(nodeFromRegistry(node24)),
  // The compiler that is quick, and the one that is thorough: a unit begins in one and goes on in the other.
  baseline: strict(nodeFromRegistry(node24, ['--liftoff-only'])),
  optimised: strict(nodeFromRegistry(node24, ['--no-liftoff'])),
  'old-cpu': strict(nodeFromRegistry(node24, olderProcessor)),
  chromium: strict(chromium('browser-thread.mjs', [`--js-flags=--stack-size=${stackKib}`])),
  // As a volunteer would have it: a thread of a tab, whose stack of 500 KB nobody can change.
  tab: { ...strict(chromium('browser-page.mjs', [])), isShallow: true },
  // Another engine altogether.
  firefox: { run: firefox('browser-page.mjs'), isShallow: true, isVague: true },
  arm64: strict(nodeOnArm(node24)),
  current: strict((wanted, onLine) => runNode([process.execPath], wanted, onLine)),
}

/** All but the Node at hand, which is one of them. */
export const usualPlatforms = Object.keys(platforms).filter((name) => name !== 'current')

function nodeFromRegistry(version, flags = []) {
  return async (wanted, onLine) => {
    if (process.platform !== 'linux' && process.platform !== 'darwin')
      throw new Skipped(`no binaries are fetched for ${process.platform}`)
    const binary = await fetchNode(`${process.platform}-${process.arch}`, version)
    await runNode([binary, ...flags], wanted, onLine)
  }
}

function nodeOnArm(version) {
  return async (wanted, onLine) => {
    const qemu = 'qemu-aarch64-static'
    const libraries = '/usr/aarch64-linux-gnu'
    if (process.platform !== 'linux') throw new Skipped('needs Linux')
    if (spawnSync(qemu, ['--version']).error !== undefined)
      throw new Skipped(`${qemu} is not installed (Debian: qemu-user-static)`)
    if (!existsSync(`${libraries}/lib/libstdc++.so.6`))
      throw new Skipped(
        'no libraries for arm64 (Debian: libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross)',
      )
    const binary = await fetchNode('linux-arm64', version)
    await runNode([qemu, '-L', libraries, binary], wanted, onLine)
  }
}

function chromium(script, flags) {
  return async (wanted, onLine) => {
    const command = installed(['chromium', 'chromium-browser', 'google-chrome'])
    const argumentsOf = (profile) => [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', ...flags],
      ...['--disable-background-networking', `--user-data-dir=${profile}`],
    ]
    await runInBrowser({ command, argumentsOf, script }, wanted, onLine)
  }
}

function firefox(script) {
  return async (wanted, onLine) => {
    const command = installed(['firefox-esr', 'firefox'])
    const argumentsOf = (profile) => ['--headless', '--no-remote', '--profile', profile]
    await runInBrowser({ command, argumentsOf, script }, wanted, onLine)
  }
}

/** @returns the first of some commands that this machine has */
function installed(commands) {
  const found = commands.find((name) => spawnSync(name, ['--version']).error === undefined)
  if (found === undefined) throw new Skipped(`no ${commands[0]} is installed`)
  return found
}

const fetches = new Map()

/** @returns path of a Node from the packages that the npm package `node` installs */
function fetchNode(target, version) {
  const name = `node-${target}-${version}`
  if (!fetches.has(name)) fetches.set(name, fetchOnce(name, `node-${target}@${version}`))
  return fetches.get(name)
}

async function fetchOnce(name, specifier) {
  const folder = path.join(cache, name)
  const binary = path.join(folder, 'package/bin/node')
  if (existsSync(binary)) return binary
  const scratch = path.join(cache, `.${name}-${process.pid}`)
  await mkdir(scratch, { recursive: true })
  try {
    const quiet = ['--silent', '--ignore-scripts', '--pack-destination', scratch]
    const packed = await output('npm', ['pack', specifier, ...quiet])
    await output('tar', ['-xzf', path.join(scratch, packed.trim()), '-C', scratch])
    await rm(path.join(scratch, packed.trim()))
    await rename(scratch, folder)
    return binary
  } catch (error) {
    throw new Skipped(`${specifier} could not be fetched from the npm registry (${error.message})`)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Some 50 MB come through any line that is worth waiting for. */
const fetchMsMax = 300_000

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: fetchMsMax,
    })
    let text = ''
    child.stdout.on('data', (piece) => {
      text += piece
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(text)
      else reject(new Error(`${command} ended with ${code}`))
    })
  })
}

async function runNode([command, ...args], wanted, onLine) {
  const file = path.join(here, 'node-platform.mjs')
  // Without the environment's NODE_OPTIONS, which are meant for another Node.
  const child = spawn(command, [...args, file, JSON.stringify(wanted)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  })
  let fault = ''
  child.stderr.on('data', (piece) => {
    fault = `${fault}${piece}`.slice(-2000)
  })
  const end = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code))
  })
  for await (const line of createInterface({ input: child.stdout })) onLine(JSON.parse(line))
  const code = await end
  if (code !== 0) throw new Error(`Node ended with ${code}: ${fault.trim()}`)
}
