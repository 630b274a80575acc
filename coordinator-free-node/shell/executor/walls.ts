/**
 * The walls of the executor's process: the command line that starts it with as few rights as this machine can give.
 *
 * The inner wall is Node's permission model: a seat belt, not a wall against a broken engine, and the network stays
 * open before Node 26. The outer one, where bubblewrap is installed and may make namespaces, is the kernel's: no
 * network, no other process, and of the files only the system's libraries, Node and this package, all read-only.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
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
  const places = readablePlaces(entry)
  const flags = [
    major >= 24 ? '--permission' : '--experimental-permission',
    '--allow-worker',
    ...places.map((place) => `--allow-fs-read=${place}`),
    '--no-warnings',
  ]
  const inner = { execPath: process.execPath, execArgv: flags }
  const outer = bubblewrapArguments(places.map((place) => place.replace(/\/\*$/, '')))
  if (!bubblewrapWorks(outer)) return inner
  return { execPath: bubblewrap, execArgv: [...outer, '--', inner.execPath, ...flags] }
}

const bubblewrap = 'bwrap'

/** Where programs find the system's libraries; what a machine does not have is left out. */
const systemPlaces = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/etc/ld.so.cache', '/nix/store']

function bubblewrapArguments(places: readonly string[]): string[] {
  const readable = [...systemPlaces, realpathSync(process.execPath), process.execPath, ...places]
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...[...new Set(readable)].flatMap((place) => ['--ro-bind-try', place, place]),
    ...['--chdir', '/'],
  ]
}

let bubblewrapFound: boolean | undefined

/** Whether this machine lets it make namespaces; asked once, by starting Node inside. */
function bubblewrapWorks(outer: readonly string[]): boolean {
  bubblewrapFound ??=
    process.platform === 'linux' &&
    spawnSync(bubblewrap, [...outer, '--', process.execPath, '--version'], {
      env: {},
      timeout: 5_000,
      stdio: 'ignore',
    }).status === 0
  return bubblewrapFound
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
