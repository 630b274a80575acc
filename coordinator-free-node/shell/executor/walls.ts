/**
 * The walls of the executor's process: the command line that starts it with as few rights as this machine can give.
 *
 * Today these are Node's permission flags: a seat belt, not a wall against a broken engine, and the network stays open
 * before Node 26. A stronger wall (bubblewrap) belongs here too: it becomes `execPath`, and the Node of today moves
 * into `execArgv`.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** How `fork` starts the process: `execPath` with `execArgv`, then the entry file. */
export interface Walls {
  execPath: string
  execArgv: string[]
}

/** @param entry  the compiled process.js, inside this package */
export function walls(entry: string): Walls {
  const [major = 0] = process.versions.node.split('.').map(Number)
  const flags = [
    major >= 24 ? '--permission' : '--experimental-permission',
    '--allow-worker',
    ...readablePlaces(entry).map((place) => `--allow-fs-read=${place}`),
    '--no-warnings',
  ]
  return { execPath: process.execPath, execArgv: flags }
}

/** What process and threads load at run time; their own dependencies lie beside them. */
const packages = [
  'workerpool',
  'quickjs-emscripten-core',
  '@jitl/quickjs-wasmfile-release-sync',
  'zod',
  'msgpackr',
  '@noble/hashes/sha2.js',
]

/** The compiled files, the package's description, and wherever its dependencies were installed. */
function readablePlaces(entry: string): string[] {
  const dist = path.resolve(path.dirname(entry), '../../..')
  const require = createRequire(entry)
  // Node checks the path before it follows links, and the file behind them again: both have to be allowed.
  const modules = [
    ...foldersAbove(dist)
      .map((folder) => path.join(folder, 'node_modules'))
      .filter(existsSync),
    ...packages.map((name) => modulesFolderOf(require.resolve(name))),
  ]
  return [
    path.join(dist, '*'),
    path.join(path.dirname(dist), 'package.json'),
    ...new Set(modules.map((folder) => path.join(folder, '*'))),
  ]
}

function foldersAbove(folder: string): string[] {
  const above = path.dirname(folder)
  return above === folder ? [] : [above, ...foldersAbove(above)]
}

/** The outermost `node_modules` above a file, so that what a package depends on can be read, too. */
function modulesFolderOf(file: string): string {
  const name = `${path.sep}node_modules${path.sep}`
  const at = file.indexOf(name)
  return at < 0 ? path.dirname(file) : file.slice(0, at + name.length - 1)
}
