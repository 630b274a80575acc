/**
 * The walls of the executor's process: the command line that starts it with as few rights as this machine can give.
 *
 * The inner wall is Node's permission model: a seat belt, not a wall against a broken engine, and the network stays
 * open before Node 25. The outer one is the kernel's. Bubblewrap, where it is installed and may make namespaces, leaves
 * no network, no other process, no environment, and of the files only the system's libraries, Node and this package,
 * read-only. Where it is missing, util-linux can at least take the network away.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** How `fork` starts the process: `execPath` with `execArgv`, then the entry file. */
export interface Walls {
  execPath: string
  execArgv: string[]
  /** The outer wall that stands here. */
  outer: OuterWall
}

/** - `bubblewrap`: files, network, processes. - `namespaces`: network alone. - `none`: Node's permissions alone. */
export type OuterWall = 'bubblewrap' | 'namespaces' | 'none'

/** What each kind of thing is kept from by the walls that stand, for a person to read. */
export interface WallReport {
  outer: OuterWall
  files: 'kernel' | 'Node'
  network: 'kernel' | 'Node' | 'open'
  processes: 'kernel' | 'Node'
  environment: 'empty'
}

/** @param entry  the compiled process.js, inside this package */
export function walls(entry: string): Walls {
  const places = readablePlaces(entry)
  const node = [...permissionFlags(places), '--no-warnings']
  const sealed = bubblewrapArguments(places.map((place) => place.replace(/\/\*$/, '')))
  const outer = outerWall(sealed)
  switch (outer) {
    case 'bubblewrap':
      return { outer, execPath: bubblewrap, execArgv: [...sealed, '--', process.execPath, ...node] }
    case 'namespaces':
      return { outer, execPath: unshare, execArgv: [...noNetwork, process.execPath, ...node] }
    case 'none':
      return { outer, execPath: process.execPath, execArgv: node }
  }
}

export function reportWalls(entry: string): WallReport {
  const { outer } = walls(entry)
  const isSealed = outer === 'bubblewrap'
  const nodeNetwork = nodeMajor() >= nodeWithoutNetwork ? 'Node' : 'open'
  return {
    outer,
    files: isSealed ? 'kernel' : 'Node',
    network: outer === 'none' ? nodeNetwork : 'kernel',
    processes: isSealed ? 'kernel' : 'Node',
    environment: 'empty',
  }
}

const bubblewrap = 'bwrap'
const unshare = 'unshare'
/** A user of its own number, and a network without devices. */
const noNetwork = ['--user', '--map-current-user', '--net', '--ipc', '--uts', '--']
/** From here on `--permission` closes the network, too. */
const nodeWithoutNetwork = 25

function nodeMajor(): number {
  return Number(process.versions.node.split('.')[0])
}

function permissionFlags(places: readonly string[]): string[] {
  return [
    nodeMajor() >= 24 ? '--permission' : '--experimental-permission',
    '--allow-worker',
    ...places.map((place) => `--allow-fs-read=${place}`),
  ]
}

/** Where programs find the system's libraries; what a machine does not have is left out. */
const systemPlaces = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/etc/ld.so.cache', '/nix/store']

function bubblewrapArguments(places: readonly string[]): string[] {
  const readable = [...systemPlaces, realpathSync(process.execPath), process.execPath, ...places]
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...[...new Set(readable)].flatMap((place) => ['--ro-bind-try', place, place]),
    // What bubblewrap made of memory, for mount points: nothing is to be written there.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', '/'],
  ]
}

let outerFound: OuterWall | undefined

/** What this machine allows; asked once, by starting Node inside. */
function outerWall(sealed: readonly string[]): OuterWall {
  outerFound ??=
    process.platform !== 'linux'
      ? 'none'
      : starts(bubblewrap, [...sealed, '--'])
        ? 'bubblewrap'
        : starts(unshare, noNetwork)
          ? 'namespaces'
          : 'none'
  return outerFound
}

function starts(program: string, before: readonly string[]): boolean {
  const { status } = spawnSync(program, [...before, process.execPath, '--version'], {
    env: { PATH: process.env.PATH },
    timeout: 5_000,
    stdio: 'ignore',
  })
  return status === 0
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
