/**
 * WASI preview 1 as a program sees it that runs between two pipes on a machine without files, network and time:
 * stdin is the unit's input, stdout its result, stderr its log. Every function answers the same on every host.
 *
 * Source: WASI snapshot_preview1, docs.md and typenames.witx (numbers and layouts of what is passed in memory).
 */
import { limits } from '../../protocol/limits.js'
import type { KernelHost } from './kernel-host.js'

/** The program ended itself. An exception, because nothing else unwinds a module; no fault. */
export class CommandExit extends Error {
  constructor(readonly code: number) {
    super(`exit code ${code}`)
  }
}

/** Numbers of `errno`. */
const ok = 0
const badf = 8
const inval = 28
const nosys = 52
const notsock = 57
const notsup = 58
const spipe = 70
const notcapable = 76

/** Rights, of those that a pipe can have. */
const rights = { read: 1n << 1n, write: 1n << 6n, filestatGet: 1n << 21n, poll: 1n << 27n }

/** Every clock, for ever: 2000-01-01, in nanoseconds. Units have no time. */
const nowNs = 946_684_800_000_000_000n
const clockResolutionNs = 1_000_000n
const clockCount = 4

/** What programs find as `argv[0]`. */
const programName = 'kernel'

/** How much of the end of stderr goes into the words of a trap; leaves room for the trap's own. */
const wordsBytesMax = limits.textCharsMax - 100

type Stream = 'input' | 'result' | 'log'

type Functions = Record<string, (...args: never[]) => unknown>

/** Sizes of what lies in memory. */
const vectorBytes = 8
const subscriptionBytes = 48
const eventBytes = 32
const fileStatBytes = 64
const fdStatBytes = 24

/** What a write may always take. */
const pipeBytes = 65_536

/** Vectors or subscriptions in one call, as on other systems; more is a program's mistake. */
const listMax = 1024

/** What a subscription waits for. */
const clockEvent = 0
const readEvent = 1
/** What an event says of a pipe that nothing will come out of any more. */
const hangup = 1

export class WasiCommand {
  readonly #host: KernelHost
  readonly #streams = new Map<number, Stream>([
    [0, 'input'],
    [1, 'result'],
    [2, 'log'],
  ])
  readonly #arguments: readonly Uint8Array[]
  #inputAt = 0
  #words = new Uint8Array()
  /** The functions of the module `wasi_snapshot_preview1`, all of them. */
  readonly functions: Functions

  constructor(host: KernelHost) {
    this.#host = host
    this.#arguments = argumentsOf(host.unit.params)
    const functions: Functions = {
      ...this.#processFunctions(),
      ...this.#streamFunctions(),
      ...this.#refusedFunctions(),
    }
    this.functions = Object.fromEntries(
      Object.entries(functions).map(([name, call]) => [
        name,
        (...args: never[]) => {
          host.charge(0)
          return call(...args)
        },
      ]),
    )
  }

  /** The end of what was written to stderr. */
  get lastWords(): string {
    // It may begin within a character.
    const from = this.#words.findIndex((byte) => (byte & 0xc0) !== 0x80)
    return new TextDecoder().decode(this.#words.subarray(Math.max(0, from))).trim()
  }

  #processFunctions(): Functions {
    const host = this.#host
    const noVariables = (count: number, bytes: number) => this.#sizes(count, bytes, 0, 0)
    return {
      args_sizes_get: (count: number, bytes: number) => {
        const size = this.#arguments.reduce((sum, text) => sum + text.length, 0)
        return this.#sizes(count, bytes, this.#arguments.length, size)
      },
      args_get: (pointers: number, texts: number) => this.#giveArguments(pointers, texts),
      environ_sizes_get: noVariables,
      environ_get: () => ok,
      clock_res_get: (clock: number, at: number) => this.#giveTime(clock, clockResolutionNs, at),
      clock_time_get: (clock: number, _precision: bigint, at: number) =>
        this.#giveTime(clock, nowNs, at),
      random_get: (pointer: number, length: number) => {
        host.fillRandom(pointer, length)
        return ok
      },
      proc_exit: (code: number) => {
        throw new CommandExit(code)
      },
      proc_raise: () => nosys,
      sched_yield: () => ok,
      poll_oneoff: (subscriptions: number, events: number, count: number, reported: number) =>
        this.#poll(subscriptions, events, count, reported),
    }
  }

  #streamFunctions(): Functions {
    return {
      fd_close: (fd: number) => (this.#streams.delete(fd) ? ok : badf),
      fd_renumber: (from: number, to: number) => {
        const stream = this.#streams.get(from)
        if (stream === undefined || !this.#streams.has(to)) return badf
        this.#streams.delete(from)
        this.#streams.set(to, stream)
        return ok
      },
      fd_read: (fd: number, vectors: number, count: number, read: number) => {
        if (this.#streams.get(fd) !== 'input') return this.#wrongWay(fd)
        return this.#transfer(vectors, count, read, (at, length) => this.#read(at, length))
      },
      fd_write: (fd: number, vectors: number, count: number, written: number) => {
        const stream = this.#streams.get(fd)
        if (stream === undefined || stream === 'input') return this.#wrongWay(fd)
        return this.#transfer(vectors, count, written, (at, length) => {
          if (stream === 'result') this.#host.write(at, length)
          else this.#remember(this.#host.log(at, length))
          return length
        })
      },
      fd_fdstat_get: (fd: number, at: number) => {
        const stream = this.#streams.get(fd)
        if (stream === undefined) return badf
        const direction = stream === 'input' ? rights.read : rights.write
        const stat = this.#host.words(at, fdStatBytes)
        stat.setBigUint64(0, 0n, true)
        stat.setBigUint64(8, direction | rights.filestatGet | rights.poll, true)
        stat.setBigUint64(16, 0n, true)
        return ok
      },
      fd_fdstat_set_flags: (fd: number) => (this.#streams.has(fd) ? ok : badf),
      fd_filestat_get: (fd: number, at: number) => {
        if (!this.#streams.has(fd)) return badf
        this.#host.view(at, fileStatBytes).fill(0)
        return ok
      },
    }
  }

  /** What a pipe cannot do, and what would need files or a network. */
  #refusedFunctions(): Functions {
    const refuse = (errno: number) => (fd: number) => (this.#streams.has(fd) ? errno : badf)
    const cannot = (errno: number, ...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, refuse(errno)]))
    return {
      ...cannot(spipe, 'fd_seek', 'fd_tell', 'fd_pread', 'fd_pwrite', 'fd_advise'),
      ...cannot(inval, 'fd_sync', 'fd_datasync', 'fd_allocate', 'fd_filestat_set_size'),
      ...cannot(notsup, 'fd_fdstat_set_rights'),
      ...cannot(notcapable, 'fd_filestat_set_times', 'fd_readdir'),
      ...cannot(badf, 'fd_prestat_get', 'fd_prestat_dir_name'),
      ...cannot(notcapable, 'path_create_directory', 'path_filestat_get', 'path_link'),
      ...cannot(notcapable, 'path_filestat_set_times', 'path_open', 'path_readlink'),
      ...cannot(notcapable, 'path_remove_directory', 'path_rename', 'path_unlink_file'),
      // Its file descriptor comes after the old path.
      path_symlink: (_path: number, _length: number, fd: number) => refuse(notcapable)(fd),
      ...cannot(notsock, 'sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'),
    }
  }

  /** For a stream that is not open, or not in this direction. */
  #wrongWay(fd: number): number {
    return this.#streams.has(fd) ? notcapable : badf
  }

  /** Walks through vectors (address and length) until one is not used up. */
  #transfer(
    vectors: number,
    count: number,
    total: number,
    move: (pointer: number, length: number) => number,
  ): number {
    if (count >>> 0 > listMax) return inval
    const list = this.#host.words(vectors, count * vectorBytes)
    let moved = 0
    for (let at = 0; at < list.byteLength; at += vectorBytes) {
      const length = list.getUint32(at + 4, true)
      const step = move(list.getUint32(at, true), length)
      moved += step
      if (step < length) break
    }
    this.#host.words(total, 4).setUint32(0, moved, true)
    return ok
  }

  /** @returns bytes read; 0 at the end */
  #read(pointer: number, length: number): number {
    const { input } = this.#host.unit
    const piece = input.subarray(this.#inputAt, this.#inputAt + length)
    this.#host.give(pointer, piece)
    this.#inputAt += piece.length
    return piece.length
  }

  #remember(text: Uint8Array): void {
    const tail = text.subarray(-wordsBytesMax)
    const kept = this.#words.subarray(Math.max(0, this.#words.length + tail.length - wordsBytesMax))
    const words = new Uint8Array(kept.length + tail.length)
    words.set(kept)
    words.set(tail, kept.length)
    this.#words = words
  }

  #sizes(count: number, bytes: number, items: number, size: number): number {
    this.#host.words(count, 4).setUint32(0, items, true)
    this.#host.words(bytes, 4).setUint32(0, size, true)
    return ok
  }

  #giveArguments(pointers: number, texts: number): number {
    let at = texts
    for (const [index, text] of this.#arguments.entries()) {
      this.#host.words(pointers + 4 * index, 4).setUint32(0, at, true)
      this.#host.give(at, text)
      at += text.length
    }
    return ok
  }

  #giveTime(clock: number, ns: bigint, at: number): number {
    if (clock >>> 0 >= clockCount) return inval
    this.#host.words(at, 8).setBigUint64(0, ns, true)
    return ok
  }

  /**
   * Pipes are always ready. Where only clocks are waited for they have struck, although no time has passed: a program
   * that sleeps goes on at once.
   */
  #poll(subscriptions: number, events: number, count: number, reported: number): number {
    if (count === 0 || count >>> 0 > listMax) return inval
    const list = this.#host.words(subscriptions, count * subscriptionBytes)
    this.#host.charge(list.byteLength)
    const places = Array.from({ length: count }, (_, i) => i * subscriptionBytes)
    const ofStreams = places.filter((at) => list.getUint8(at + 8) !== clockEvent)
    const ready = ofStreams.length > 0 ? ofStreams : places
    for (const [index, at] of ready.entries()) {
      // Each takes as long as a call of its own.
      this.#host.charge(eventBytes)
      const out = this.#host.words(events + index * eventBytes, eventBytes)
      const kind = list.getUint8(at + 8)
      const [errno, bytes, flags] = this.#readiness(kind, list.getUint32(at + 16, true))
      out.setBigUint64(0, list.getBigUint64(at, true), true)
      out.setUint16(8, errno, true)
      out.setUint8(10, kind)
      out.setBigUint64(16, BigInt(bytes), true)
      out.setUint16(24, flags, true)
    }
    this.#host.words(reported, 4).setUint32(0, ready.length, true)
    return ok
  }

  /** @returns errno, bytes that can be read or written, flags */
  #readiness(kind: number, fd: number): [errno: number, bytes: number, flags: number] {
    if (kind === clockEvent) return [ok, 0, 0]
    const stream = this.#streams.get(fd)
    if (stream === undefined) return [badf, 0, 0]
    if (kind !== readEvent) return stream === 'input' ? [notcapable, 0, 0] : [ok, pipeBytes, 0]
    if (stream !== 'input') return [notcapable, 0, 0]
    const left = this.#host.unit.input.length - this.#inputAt
    return [ok, left, left === 0 ? hangup : 0]
  }
}

/** The program's name, and the lines of the parameters; each ends in a zero, as C has it. */
function argumentsOf(params: Uint8Array): Uint8Array[] {
  const all = [zeroEnded(new TextEncoder().encode(programName))]
  const newline = 10
  let at = 0
  while (at < params.length) {
    const found = params.indexOf(newline, at)
    const end = found < 0 ? params.length : found
    all.push(zeroEnded(params.subarray(at, end)))
    at = end + 1
  }
  return all
}

function zeroEnded(text: Uint8Array): Uint8Array {
  const ended = new Uint8Array(text.length + 1)
  ended.set(text)
  return ended
}
