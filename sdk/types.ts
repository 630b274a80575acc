/** The public shape of the SDK: what `connect()` gives and what a job answers. */
import type { z } from 'zod'
import type {
  DonationView,
  GatewayRequest,
  GatewayResults,
  GridView,
  HostedJobView,
  InvitationView,
  JobView,
  NodeStatus,
  PeerView,
  ReceiptView,
  RevokedView,
  TrailEvent,
  WhyView,
} from '../coordinator-free-node/protocol/gateway-api.js'
import type { InspectView } from '../coordinator-free-node/protocol/inspect-view.js'
import type { EnlistedView, ListsView } from '../coordinator-free-node/protocol/list-views.js'
import type { Role } from '../coordinator-free-node/protocol/membership.js'
import type { AnyTask, Task } from '../tasks/contract.js'

export interface ConnectOptions {
  /** State directory of the node to use. @default MANYHANDS_STATE, else ~/.local/share/manyhands */
  stateDirectory?: string
  /** `auto`: a running node through its gateway, else an embedded one. @default 'auto' */
  node?: 'auto' | 'running' | 'embedded'
  /** Where a node's gateway listens, instead of looking into a state directory; for browsers. */
  gateway?: { url: string; token: string }
  /** Addresses of peers to connect to. */
  peers?: readonly string[]
  /** Find peers on the local network by mDNS (embedded node). @default true */
  lan?: boolean
  /** Threads that an embedded node donates, to its own jobs as well; 0: none. @default all cores but one */
  cpus?: number
  /** How long jobs wait for a node that went away to come back, milliseconds. @default 30000 */
  reconnectMsMax?: number
  /** Ends the connection and an embedded node. */
  signal?: AbortSignal
}

/** @typeParam P  what the kernel gets as its second argument; inferred from `params` */
export interface JobOptions<P = unknown> {
  /** What people call the job. @default the task's or function's name */
  name?: string
  /**
   * Handed to the kernel as its second argument: what it would otherwise have to capture. At most 32 KiB encoded.
   * Not for `run`, whose task has parameters of its own.
   */
  params?: P
  /**
   * Share of wrong results that the job tolerates, 1e-12 to 0.5. Each unit is repeated by as many hosts as it takes: few where the
   * hosts have proved themselves, more where nobody knows them. @default 1e-4
   */
  maxErrorRate?: number
  /** Plain voting instead of `maxErrorRate`: so many hosts must agree bit for bit on each unit, 1 to 7. */
  quorum?: number
  /**
   * Items in one work unit. Larger units cost less per item, smaller ones are spread and shown sooner.
   * @default in a range of more than 256 what takes about a second, as the node measures before it submits, and at least
   * eight units for each thread; else length / 256, from 1 to 1024; where the length is unknown, 1 at first and up to 256 for a fast source
   */
  unitItems?: number
  /** Wall-clock limit of one unit, milliseconds. @default 60000 */
  unitMsMax?: number
  /** Memory limit of one unit, bytes. @default 64 MiB */
  unitMemoryBytesMax?: number
  /**
   * Fuel limit of one unit, 1000 to 2^53 - 1; about one for each simple instruction, a billion a second. Beyond it the unit fails as
   * `out of fuel`, on every host at the same place: unlike time it is a verdict. @default 10^13, so that time ends it
   */
  unitFuelMax?: number
  /** Cancels the job. */
  signal?: AbortSignal
}

/** @typeParam R  what the kernel gives */
export interface MapOptions<I, R, P = unknown> extends JobOptions<P> {
  /**
   * Whether a result is right, where that is cheaper to say than to compute: what passes counts, whoever computed it,
   * and nothing is repeated. It travels as source, too, and runs in the sandbox of this node for every result. A host
   * whose result it refuses is banned, so it must be true of every result that the kernel gives. Not together with
   * `maxErrorRate` or `quorum`.
   */
  check?: (item: ItemOf<I>, result: R, params: NoInfer<P>) => boolean
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

/**
 * Bounds `T` to what crosses the grid unchanged. Unlike `Encodable` it also takes interfaces, which have no index
 * signature. A bare function slips through its outermost layer and is refused when it is encoded.
 */
export type EncodableAs<T> = Uint8Array | { readonly [K in keyof T]: EncodableField<T[K]> }

type EncodableField<T> = T extends
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  ? T
  : T extends ((...args: never[]) => unknown) | symbol
    ? never
    : { readonly [K in keyof T]: EncodableField<T[K]> }

/** Progress of a job; all counts are of work units. */
export type Progress = JobView

/**
 * A job, from the moment it is asked for: await it for the whole, or iterate it for verified results in input order as
 * they come. Both may be done, at any time and more than once; iteration always begins at the first result. Leaving a
 * loop early leaves the job running: `cancel()` ends it.
 *
 * What goes wrong with a job is thrown where its results are taken; a job that nobody asks stays silent.
 *
 * @typeParam Whole  what awaiting gives
 * @typeParam Each  what iterating gives
 */
export interface JobHandle<Whole, Each> extends PromiseLike<Whole>, AsyncIterable<Each> {
  /**
   * Resolves once the node has the job, to 64 hexadecimal digits; `grid.attach(id)` finds the job again, from another
   * process too. @throws {GridError} what kept it from being submitted
   */
  readonly id: Promise<string>
  /**
   * The whole result; collected from the first time it is asked for.
   * @throws {GridError} MH_JOB_FAILED, MH_JOB_CANCELLED, MH_UNIT_FAILED, MH_UNIT_DISPUTED, MH_INPUT_FAILED,
   *   MH_NOT_ENCODABLE, MH_SCHEMA, MH_GATEWAY_LOST
   */
  readonly result: Promise<Whole>
  /** The latest progress. */
  progress(): Promise<Progress>
  /** Progress as it changes, at most every `everyMs` (50 to 60000, 500 by default), until the job ends. */
  watch(options?: { everyMs?: number; signal?: AbortSignal }): AsyncIterable<Progress>
  /**
   * What happened to the job, oldest first: hosts that came and left, units that were lost, disputed or withdrawn,
   * warnings, restarts. `follow` goes on until it has ended; `last` begins with so many of the last events.
   */
  trail(options?: {
    follow?: boolean
    last?: number
    signal?: AbortSignal
  }): AsyncIterable<TrailEvent>
  /** Ends the job; hosts stop working on it. Resolves when the node has done so. */
  cancel(): Promise<void>
  /**
   * Which units wait for what and what can be done about it, who computes which, which hosts are refused on what
   * ground, and what each peer answered.
   */
  why(): Promise<WhyView>
  /**
   * Results that were given as verified and turned out wrong, with what replaces them, as they are found and until the
   * job ends; those of the past come first. A caught host's other results are computed again, so there may be several.
   *
   * Awaiting the job needs none of this: it gives the corrected whole. Iterating gives each item once, so whoever acts
   * on items before the job has ended learns here which of them to take back.
   *
   * @throws {GridError} as `result`
   * @example for await (const { index, values } of job.corrections()) table.splice(index, values.length, ...values)
   */
  corrections(): AsyncIterable<Correction<Each>>
}

/** The right values of a unit whose first result was wrong. */
export interface Correction<Each> {
  unit: number
  /** Place of `values[0]` in what iterating gives: of `map` the position in the input, otherwise the unit. */
  index: number
  /** What iterating would have given for this unit; of `find` nothing where it holds no hit. */
  values: readonly Each[]
}

/** The raw verified result of a unit, for jobs attached without their task. */
export interface RawResult {
  unit: number
  hit: boolean
  output: Uint8Array
  /** Hosts that agreed; 1: nobody checked it. */
  agreed: number
}

/** What a kernel of `find` may say of an item. */
export interface Searched {
  hit: boolean
  /** Differs from item to item in a way that only the work tells; counted as text. */
  witness: number | bigint | string
}

/** Something found by `find`. */
export interface Found<T> {
  item: T
  /** Position in the input, from 0. */
  index: number
}

/** What a job of this task gives when awaited. */
export type ResultOf<T extends AnyTask> = z.output<T['result']>

/** What iterating a job of this task gives. */
export type PartOf<T extends AnyTask> = ReturnType<T['decode']>

/** What an invitation to a private grid gives. */
export interface InviteOptions {
  /** Default: submit and host. */
  roles?: readonly Role[]
  /** How long it can be used, milliseconds. Default: a week. */
  forMs?: number
  /** How long who comes by it stays a member, milliseconds. Default: a year. */
  memberMs?: number
  /** For the node with this peer id alone. Default: for whoever holds it. */
  peer?: string
}

/**
 * A connection to a node. Calls that cannot work (a kernel that captures a variable, an option out of bounds) throw
 * at once; everything later arrives through the job.
 */
export interface Grid {
  /** The node's peer id. */
  readonly peer: string
  /** Whether this process runs the node itself. */
  readonly embedded: boolean
  /**
   * Applies `kernel` to every item. The function travels as source: it may use its arguments only.
   *
   * @throws {GridError} MH_CAPTURED_VARIABLE, MH_NOT_A_FUNCTION, MH_BOUNDS, MH_TOO_LARGE, MH_NOT_ENCODABLE
   * @example
   * const squares = await grid.map(range(0, 1_000_000), (n) => n * n)
   * const roots = await grid.map(numbers, findRoot, { check: (n, root) => root * root === n })
   * for await (const line of grid.map(lines, (text, { word }) => text.includes(word), { params: { word: 'fox' } })) ...
   */
  map<I extends Inputs<unknown>, R extends EncodableAs<R>, P extends EncodableAs<P> = undefined>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: NoInfer<P>) => R,
    options?: MapOptions<I, NoInfer<R>, P>,
  ): JobHandle<R[], R>
  /**
   * Ends with the first verified item for which `kernel` is true, which need not be the first of the input; undefined
   * when there is none.
   *
   * A kernel of true and false lets a lazy host claim that it found nothing: only another host's search tells. One that
   * gives `{ hit, witness }` makes the claim a proof: `witness` is what only the work on the item tells (a digest, a
   * remainder), and hosts vote on a hash over all of them.
   *
   * @throws {GridError} as `map`
   * @example const found = await grid.find(range(0, 1e9), (n) => n ** 2 % 1_000_003 === 7)
   */
  find<I extends Inputs<unknown>, P extends EncodableAs<P> = undefined>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: NoInfer<P>) => boolean | Searched,
    options?: JobOptions<P>,
  ): JobHandle<Found<ItemOf<I>> | undefined, Found<ItemOf<I>>>
  /**
   * Maps every item, then combines neighbours: partial results on hosts, the rest here, in input order. `combine` must
   * be associative and, as it travels too, use its arguments only; undefined for an empty input. Iterating gives the
   * partial result of each unit.
   *
   * @throws {GridError} as `map`
   * @example const sum = await grid.reduce(range(0, 1e6), (n) => n, (a, b) => a + b)
   */
  reduce<I extends Inputs<unknown>, R extends EncodableAs<R>, P extends EncodableAs<P> = undefined>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: NoInfer<P>) => R,
    combine: (left: R, right: R) => R,
    options?: JobOptions<P>,
  ): JobHandle<R | undefined, R>
  /**
   * Runs a task; parameters and result are checked against its schemas. Iterating gives the decoded parts.
   *
   * @example const pi = await grid.run(monteCarloPi, { samples: 1e9 })
   */
  run<Params extends z.ZodType, Result extends z.ZodType, Part>(
    task: Task<Params, Result, Part>,
    params: z.input<Params>,
    options?: Omit<JobOptions, 'params' | 'unitItems'>,
  ): JobHandle<z.output<Result>, Part>
  /**
   * A job submitted earlier, here or in another process, by its id or the first digits of it (four at least). With the
   * task and parameters that it was run with it gives what `run` gave, otherwise raw bytes a unit. A job that is not
   * known answers MH_JOB_UNKNOWN to whatever is asked of it.
   *
   * Not a promise of a handle: handles can be awaited, so awaiting one gives the job's result.
   */
  attach(id: string): JobHandle<RawResult[], RawResult>
  attach<Params extends z.ZodType, Result extends z.ZodType, Part>(
    id: string,
    task: Task<Params, Result, Part>,
    params: z.input<Params>,
  ): JobHandle<z.output<Result>, Part>
  jobs(): Promise<readonly JobView[]>
  peers(): Promise<readonly PeerView[]>
  status(): Promise<NodeStatus>
  /** Connects the node to a peer. @throws {GridError} MH_BAD_ADDRESS, MH_PEER_UNREACHABLE */
  dial(address: string): Promise<string>
  /**
   * What stewards signed for this node's work, oldest first. The `line`s of some, one a line, are a file of receipts that
   * `manyhands receipts --verify FILE` checks anywhere.
   */
  receipts(): Promise<readonly ReceiptView[]>
  /** What the node serves or refuses as a host, with the owners and task hashes that its settings may name. */
  hosted(): Promise<readonly HostedJobView[]>
  /** No work for others, for so long (milliseconds) or until `resume`, across restarts. Own jobs go on. */
  pause(options?: { forMs?: number }): Promise<DonationView>
  resume(): Promise<DonationView>
  /** The private grid that the node is a member of, with the members that it met. @throws {GridError} MH_USAGE in none */
  privateGrid(): Promise<GridView>
  /**
   * An invitation to it; whoever holds its text may join.
   * @throws {GridError} MH_USAGE when the node may not invite
   */
  invite(options?: InviteOptions): Promise<InvitationView>
  /** Puts out a member, or all that came by an invitation, and whom they let in. @returns who is out by it */
  revoke(member: string): Promise<RevokedView>
  /** Whom and what the node denies and allows; `name` asks for the entries of an imported list. */
  lists(name?: string): Promise<ListsView>
  /** Denies or allows a peer, subnet, owner or task: at once, and in later lives of the node. */
  enlist(entry: GatewayRequest<'enlist'>): Promise<EnlistedView>
  /** Takes back what `enlist` said of a value, or an imported list by its name. @returns entries removed */
  delist(what: string): Promise<number>
  /** Takes in somebody's deny list, in the place of its earlier version. */
  importList(list: GatewayRequest<'importList'>): Promise<GatewayResults['importList']>
  /** What a job or task is, whose, and with its code, fetched from neighbours if need be; nothing is run. */
  inspect(what: string): Promise<InspectView>
  /** What the node itself denies, as such a list. */
  exportList(request: GatewayRequest<'exportList'>): Promise<GatewayResults['exportList']>
  /** Finishes running units, hands leases back, takes nothing new. */
  drain(): Promise<void>
  /** The same; then a node that runs as `manyhands node` ends. */
  finish(): Promise<void>
  /** Closes the connection; ends an embedded node after its leases are handed back. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
