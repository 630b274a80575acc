/** The public shape of the SDK: what `connect()` gives and what a job answers. */
import type { z } from 'zod'
import type {
  JobView,
  NodeStatus,
  PeerView,
  WhyView,
} from '../coordinator-free-node/protocol/gateway-api.js'
import type { Task } from '../tasks/contract.js'

export interface ConnectOptions {
  /** State directory of the node to use. @default MANYHANDS_STATE, else ~/.local/share/manyhands */
  stateDirectory?: string
  /** `auto`: a running node through its gateway, else an embedded one. @default 'auto' */
  node?: 'auto' | 'running' | 'embedded'
  /** Addresses of peers to connect to. */
  peers?: readonly string[]
  /** Find peers on the local network by mDNS (embedded node). @default true */
  lan?: boolean
  /** Threads that an embedded node donates, to its own jobs as well; 0: none. @default all cores but one */
  cpus?: number
  /** Ends the connection and an embedded node. */
  signal?: AbortSignal
}

export interface JobOptions {
  /** What people call the job. @default the task's or function's name */
  name?: string
  /** Hosts that must agree bit for bit on each unit. @default 2 */
  redundancy?: number
  /** Items in one work unit. @default found from the input's length, at most 1024 */
  unitItems?: number
  /** Wall-clock limit of one unit, milliseconds. @default 60000 */
  unitMsMax?: number
  /** Memory limit of one unit, bytes. @default 64 MiB */
  unitMemoryBytesMax?: number
  /** Cancels the job. */
  signal?: AbortSignal
}

/** Inputs of `map`, `find` and `reduce`. A `Range` costs no memory; iterables are read as the grid has room. */
export type Inputs<T> = readonly T[] | Iterable<T> | AsyncIterable<T> | Range

/** Integers from `start` up to, not including, `end`. */
export interface Range {
  readonly kind: 'range'
  readonly start: number
  readonly end: number
}

/** A number stays a number, whichever kind of input it came from. */
export type ItemOf<I> = I extends Range
  ? number
  : I extends AsyncIterable<infer T>
    ? T
    : I extends Iterable<infer T>
      ? T
      : never

/** Values that cross the grid unchanged. */
export type Encodable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [key: string]: Encodable }

/** Progress of a job; all counts are of work units. */
export type Progress = JobView

/**
 * A submitted job: await it for the whole, or iterate it for verified results in input order as they come.
 *
 * @typeParam Whole  what awaiting gives
 * @typeParam Each  what iterating gives
 */
export interface JobHandle<Whole, Each> extends PromiseLike<Whole>, AsyncIterable<Each> {
  /** 64 hexadecimal digits; `grid.attach(id)` finds the job again, from another process too. */
  readonly id: string
  /** The whole result. @throws {GridError} MH_JOB_FAILED, MH_JOB_CANCELLED, MH_UNIT_FAILED, MH_UNIT_DISPUTED */
  readonly result: Promise<Whole>
  /** The latest progress. */
  progress(): Promise<Progress>
  /** Progress as it changes, until the job ends. */
  watch(options?: { everyMs?: number; signal?: AbortSignal }): AsyncIterable<Progress>
  /** Ends the job; hosts stop working on it. */
  cancel(): Promise<void>
  /** What the job waits for, and what each peer answered. */
  why(): Promise<WhyView>
}

/** The raw verified result of a unit, for jobs attached without their task. */
export interface RawResult {
  unit: number
  hit: boolean
  output: Uint8Array
  /** Hosts that agreed; 1: nobody checked it. */
  agreed: number
}

/** Something found by `find`. */
export interface Found<T> {
  item: T
  /** Position in the input, from 0. */
  index: number
}

export interface Grid {
  /** The node's peer id. */
  readonly peer: string
  /** Whether this process runs the node itself. */
  readonly embedded: boolean
  /** Applies `kernel` to every item. The function travels as source: it may use its arguments only. */
  map<I extends Inputs<unknown>, R extends Encodable>(
    inputs: I,
    kernel: (item: ItemOf<I>) => R,
    options?: JobOptions,
  ): JobHandle<R[], R>
  /** Ends with the first verified item for which `kernel` is true; undefined when there is none. */
  find<I extends Inputs<unknown>>(
    inputs: I,
    kernel: (item: ItemOf<I>) => boolean,
    options?: JobOptions,
  ): JobHandle<Found<ItemOf<I>> | undefined, Found<ItemOf<I>>>
  /**
   * Maps every item, then combines neighbours: partial results on hosts, the rest here, in input order.
   * `combine` must be associative; undefined for an empty input.
   */
  reduce<I extends Inputs<unknown>, R extends Encodable>(
    inputs: I,
    kernel: (item: ItemOf<I>) => R,
    combine: (left: R, right: R) => R,
    options?: JobOptions,
  ): JobHandle<R | undefined, R>
  /** Runs a task; parameters and result are checked against its schemas. */
  run<Params extends z.ZodType, Result extends z.ZodType, Part>(
    task: Task<Params, Result, Part>,
    params: z.input<Params>,
    options?: JobOptions,
  ): JobHandle<z.output<Result>, Part>
  /** A job submitted earlier, by its id or the first digits of it; its results are raw bytes. */
  attach(id: string): Promise<JobHandle<RawResult[], RawResult>>
  jobs(): Promise<readonly JobView[]>
  peers(): Promise<readonly PeerView[]>
  status(): Promise<NodeStatus>
  /** Connects the node to a peer. @throws {GridError} MH_BAD_ADDRESS, MH_PEER_UNREACHABLE */
  dial(address: string): Promise<string>
  /** Finishes running units, hands leases back, takes nothing new. */
  drain(): Promise<void>
  /** Closes the connection; ends an embedded node after its leases are handed back. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
