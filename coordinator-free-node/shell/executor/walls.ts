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
import { constants } from 'node:os'
import path from 'node:path'

/** How `fork` starts the process: `execPath` with `execArgv`, then the entry file. */
export interface Walls {
  execPath: string
  execArgv: string[]
  /** Whether it is of low priority by itself. */
  isLow: boolean
  /** The outer wall that stands here. */
  outer: OuterWall
}

/** - `bubblewrap`: files, network, processes. - `namespaces`: network alone. - `none`: Node's permissions alone. */
export type OuterWall = 'bubblewrap' | 'namespaces' | 'none'

/** Who keeps a unit that has broken out of its engine from each kind of thing. */
export interface WallReport {
  outer: OuterWall
  /** The user's, to read and to write. */
  files: 'kernel' | 'Node'
  network: 'kernel' | 'Node' | 'open'
  /** Other programs: to see, signal and start. */
  processes: 'kernel' | 'Node'
  /** Other programs' environments; that of the executor's process is empty. */
  environment: 'kernel' | 'Node'
  /** Why bubblewrap does not stand; undefined when it does. */
  missing: 'linux' | 'bubblewrap' | 'user-namespaces' | undefined
}

/**
 * @param entry  a compiled file inside this package
 * @param flags  of Node, beside those of its permissions
 */
export function walls(entry: string, flags: readonly string[] = []): Walls {
  const places = readablePlaces(entry)
  const node = [...permissionFlags(places), '--no-warnings', '--single-threaded-gc', ...flags]
  const { outer, program, before } = outerWall(places.map((place) => place.replace(/\/\*$/, '')))
  const sealed = program === undefined ? [] : [program, ...before]
  const nice = lowPriority()
  const [execPath = process.execPath, ...execArgv] = [...nice, ...sealed, process.execPath]
  return { outer, execPath, execArgv: [...execArgv, ...node], isLow: nice.length > 0 }
}

/** From its first instruction on: whoever sets it later misses what bubblewrap has started by then. */
function lowPriority(): string[] {
  const nice = process.platform === 'win32' ? undefined : findProgram('nice')
  return nice === undefined ? [] : [nice, '-n', String(constants.priority.PRIORITY_BELOW_NORMAL)]
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
    environment: outer === 'none' ? 'Node' : 'kernel',
    missing: isSealed ? undefined : whatIsMissing(),
  }
}

function whatIsMissing(): WallReport['missing'] {
  if (process.platform !== 'linux') return 'linux'
  return findProgram('bwrap') === undefined ? 'bubblewrap' : 'user-namespaces'
}

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

/** Where Node finds the system's libraries, and no programs; what a machine does not have is left out. */
const systemPlaces = [
  ...['/lib', '/lib32', '/lib64', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/local/lib'],
  ...['/etc/ld.so.cache', '/usr/share/nodejs', '/nix/store'],
]

/** Before bubblewrap 0.8: whoever breaks out could make namespaces of his own, and so reach more of the kernel. */
const oldBubblewrap = ['--unshare-all']
const newBubblewrap = ['--unshare-all', '--unshare-user', '--disable-userns']

function bubblewrapArguments(unshared: readonly string[], places: readonly string[]): string[] {
  const readable = [...systemPlaces, realpathSync(process.execPath), process.execPath, ...places]
  return [
    ...unshared,
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...[...new Set(readable)].flatMap((place) => ['--ro-bind-try', place, place]),
    // What bubblewrap made of memory, for mount points: nothing is to be written there.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', '/', '--'],
  ]
}

interface Starter {
  outer: OuterWall
  /** Where it is; undefined when there is none to be had. */
  program: string | undefined
  /** Its arguments before those of Node. */
  before: string[]
}

/** Index of the starter that this machine allows; asked once, by starting Node inside. */
let starterFound: number | undefined

function outerWall(places: readonly string[]): Starter {
  const none: Starter = { outer: 'none', program: undefined, before: [] }
  if (process.platform !== 'linux') return none
  const bwrap = { outer: 'bubblewrap', program: findProgram('bwrap') } as const
  const unshare = { outer: 'namespaces', program: findProgram('unshare') } as const
  const starters: Starter[] = [
    { ...bwrap, before: bubblewrapArguments(newBubblewrap, places) },
    { ...bwrap, before: bubblewrapArguments(oldBubblewrap, places) },
    { ...unshare, before: noNetwork },
  ]
  if (starterFound === undefined) {
    const index = starters.findIndex(starts)
    starterFound = index < 0 ? starters.length : index
  }
  return starters[starterFound] ?? none
}

/** By its full path, because what is started gets no `PATH` to find it by. */
function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute)
  return folders.map((folder) => path.join(folder, name)).find(existsSync)
}

function starts({ program, before }: Starter): boolean {
  if (program === undefined) return false
  const { status } = spawnSync(program, [...before, process.execPath, '--version'], {
    env: {},
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
