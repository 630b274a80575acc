/** The grid as its user holds it: calls turned into jobs, and a connection that ends once. */
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
} from '../coordinator-free-node/protocol/gateway-api.js'
import type { PeerId } from '../coordinator-free-node/protocol/ids.js'
import type { InspectView } from '../coordinator-free-node/protocol/inspect-view.js'
import type { EnlistedView, ListsView } from '../coordinator-free-node/protocol/list-views.js'
import type { Task } from '../tasks/contract.js'
import type { GatewayClient } from './gateway-client.js'
import { GridJob, type JobKind } from './grid-job.js'
import { checkOptions, findJob, mapJob, reduceJob } from './map-jobs.js'
import { attachedJob, attachedTaskJob, runJob } from './task-jobs.js'
import type {
  Found,
  Grid,
  Inputs,
  InviteOptions,
  ItemOf,
  JobHandle,
  JobOptions,
  MapOptions,
  RawResult,
  Searched,
} from './types.js'

const weekMs = 7 * 86_400_000
const yearMs = 365 * 86_400_000

export interface GridOptions {
  client: GatewayClient
  peer: string
  embedded: boolean
  /** Called once, after the connection is closed. */
  onClose(): Promise<void>
}

export class ConnectedGrid implements Grid {
  readonly peer: string
  readonly embedded: boolean
  readonly #client: GatewayClient
  readonly #onClose: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor({ client, peer, embedded, onClose }: GridOptions) {
    this.peer = peer
    this.embedded = embedded
    this.#client = client
    this.#onClose = onClose
  }

  map<I extends Inputs<unknown>, R, P>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: P) => R,
    options?: MapOptions<I, R, P>,
  ): JobHandle<R[], R> {
    const checked = checkOptions(options, 'map')
    // What the kernel returned there is what decodes here, by the codec's round trip.
    const kind = mapJob(this.#client, inputs, kernel, checked) as JobKind<R[], R>
    return new GridJob(this.#client, kind, checked.signal)
  }

  find<I extends Inputs<unknown>, P>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: P) => boolean | Searched,
    options?: JobOptions<P>,
  ): JobHandle<Found<ItemOf<I>> | undefined, Found<ItemOf<I>>> {
    const checked = checkOptions(options)
    const kind = findJob(this.#client, inputs, kernel, checked) as JobKind<
      Found<ItemOf<I>> | undefined,
      Found<ItemOf<I>>
    >
    return new GridJob(this.#client, kind, checked.signal)
  }

  reduce<I extends Inputs<unknown>, R, P>(
    inputs: I,
    kernel: (item: ItemOf<I>, params: P) => R,
    combine: (left: R, right: R) => R,
    options?: JobOptions<P>,
  ): JobHandle<R | undefined, R> {
    const checked = checkOptions(options)
    const kind = reduceJob(this.#client, inputs, kernel, combine, checked) as JobKind<
      R | undefined,
      R
    >
    return new GridJob(this.#client, kind, checked.signal)
  }

  run<Params extends z.ZodType, Result extends z.ZodType, Part>(
    task: Task<Params, Result, Part>,
    params: z.input<Params>,
    options?: Omit<JobOptions, 'params' | 'unitItems'>,
  ): JobHandle<z.output<Result>, Part> {
    const checked = checkOptions(options)
    return new GridJob(this.#client, runJob(this.#client, task, params, checked), checked.signal)
  }

  attach(id: string): JobHandle<RawResult[], RawResult>
  attach<Params extends z.ZodType, Result extends z.ZodType, Part>(
    id: string,
    task: Task<Params, Result, Part>,
    params: z.input<Params>,
  ): JobHandle<z.output<Result>, Part>
  attach<Params extends z.ZodType, Result extends z.ZodType, Part>(
    id: string,
    task?: Task<Params, Result, Part>,
    params?: z.input<Params>,
  ): JobHandle<RawResult[], RawResult> | JobHandle<z.output<Result>, Part> {
    if (task === undefined) return new GridJob(this.#client, attachedJob(this.#client, id))
    const kind = attachedTaskJob(this.#client, id, task, params as z.input<Params>)
    return new GridJob(this.#client, kind)
  }

  async jobs(): Promise<readonly JobView[]> {
    return (await this.#client.call('jobs', {})).jobs
  }

  async peers(): Promise<readonly PeerView[]> {
    return (await this.#client.call('peers', {})).peers
  }

  async status(): Promise<NodeStatus> {
    return await this.#client.call('status', {})
  }

  async dial(address: string): Promise<string> {
    return (await this.#client.call('dial', { address })).peer
  }

  async receipts(): Promise<readonly ReceiptView[]> {
    return (await this.#client.call('receipts', {})).receipts
  }

  async hosted(): Promise<readonly HostedJobView[]> {
    return (await this.#client.call('hosted', {})).jobs
  }

  async pause(options: { forMs?: number } = {}): Promise<DonationView> {
    return await this.#client.call('pause', options)
  }

  async resume(): Promise<DonationView> {
    return await this.#client.call('resume', {})
  }

  async privateGrid(): Promise<GridView> {
    return await this.#client.call('grid', {})
  }

  async invite(options: InviteOptions = {}): Promise<InvitationView> {
    const { roles = ['submit', 'host'], forMs = weekMs, memberMs = yearMs, peer } = options
    const request = { roles: [...roles], forMs, memberMs }
    return await this.#client.call(
      'invite',
      peer === undefined ? request : { ...request, peer: peer as PeerId },
    )
  }

  async revoke(member: string): Promise<RevokedView> {
    return await this.#client.call('revoke', { member })
  }

  async lists(name?: string): Promise<ListsView> {
    return await this.#client.call('lists', name === undefined ? {} : { name })
  }

  async enlist(entry: GatewayRequest<'enlist'>): Promise<EnlistedView> {
    return await this.#client.call('enlist', entry)
  }

  async delist(what: string): Promise<number> {
    return (await this.#client.call('delist', { what })).removed
  }

  async importList(list: GatewayRequest<'importList'>): Promise<GatewayResults['importList']> {
    return await this.#client.call('importList', list)
  }

  async exportList(request: GatewayRequest<'exportList'>): Promise<GatewayResults['exportList']> {
    return await this.#client.call('exportList', request)
  }

  async inspect(what: string): Promise<InspectView> {
    return await this.#client.call('inspect', { what })
  }

  async drain(): Promise<void> {
    await this.#client.call('drain', {})
  }

  async finish(): Promise<void> {
    await this.#client.call('finish', {})
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#client.close()
      await this.#onClose()
    })()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
