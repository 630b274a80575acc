/** Checks of the machine itself: Node, cores, memory, disk, LevelDB, permission flags, bubblewrap. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdtemp, rm, stat } from 'node:fs/promises'
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { countOf, formatBytes } from '../format.js'
import type { Check, Finding } from './check.js'

/** Below it a node with one thread has no room: the executor takes about 100 MB, the node itself as much. */
const MEMORY_BYTES_MIN = 512 * 1024 * 1024
const TOOL_MS_MAX = 5_000

export function machineChecks(stateDirectory: string): Check[] {
  return [
    { name: 'Node version', essential: true, look: () => nodeVersion(process.versions.node) },
    { name: 'cores', essential: true, look: cores },
    { name: 'memory', essential: false, look: memory },
    { name: 'state directory', essential: true, look: () => stateWritable(stateDirectory) },
    { name: 'LevelDB add-on', essential: true, look: levelDb },
    { name: 'permission flags', essential: false, look: permissionFlags },
    { name: 'bubblewrap', essential: false, look: bubblewrap },
  ]
}

/** @param version  such as `20.19.0` */
export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return { ok: true, detail: version }
  return { ok: false, detail: version, hint: 'install Node 20.19 or later' }
}

function cores(): Finding {
  return { ok: true, detail: countOf(availableParallelism(), 'core') }
}

function memory(): Finding {
  const total = totalmem()
  const detail = `${formatBytes(total)}, ${formatBytes(freemem())} free`
  if (total >= MEMORY_BYTES_MIN) return { ok: true, detail }
  return { ok: false, detail, hint: 'give one thread only: manyhands node --cpus 1' }
}

/** Whether the directory, or the nearest above it that is there, can be written. */
async function stateWritable(directory: string): Promise<Finding> {
  let at = directory
  while (!(await exists(at)) && dirname(at) !== at) at = dirname(at)
  const isFolder = (await stat(at)).isDirectory()
  const writable = await access(at, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (isFolder && writable) {
    return { ok: true, detail: at === directory ? directory : `${directory} (not there yet)` }
  }
  return {
    ok: false,
    detail: `${at} ${isFolder ? 'cannot be written' : 'is no folder'}`,
    hint: 'choose another with --state DIR or MANYHANDS_STATE',
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function levelDb(): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-doctor-'))
  try {
    const { ClassicLevel } = await import('classic-level')
    const store = new ClassicLevel(folder)
    await store.open()
    await store.put('key', 'value', { sync: true })
    await store.close()
    return { ok: true, detail: 'loads, and writes to disk' }
  } catch (error) {
    return {
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
      hint: 'install again on this machine: npm rebuild classic-level',
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Node's own seat belt for the executor; its name changed when it left the experimental state. */
function permissionFlags(): Finding {
  const flag = ['--permission', '--experimental-permission'].find((name) =>
    process.allowedNodeEnvironmentFlags.has(name),
  )
  if (flag !== undefined) return { ok: true, detail: flag }
  return { ok: false, detail: 'this Node has none', hint: 'use a Node without a custom build' }
}

async function bubblewrap(): Promise<Finding> {
  const version = await run('bwrap', ['--version'])
  if (version === undefined) {
    return {
      ok: false,
      detail: 'not installed',
      hint: 'a second wall around units where it is installed (package bubblewrap)',
    }
  }
  const works = await run('bwrap', ['--ro-bind', '/', '/', '--unshare-all', '/bin/true'])
  if (works !== undefined) return { ok: true, detail: version.trim() }
  return {
    ok: false,
    detail: `${version.trim()}, but it may not make namespaces here`,
    hint: 'allow unprivileged user namespaces; units run without it meanwhile',
  }
}

/** Output of a program; undefined when it is not there or fails. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TOOL_MS_MAX }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    )
  })
}
