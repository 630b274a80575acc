/**
 * Shows what a job or a task is before anybody runs it: looks among what the node knows and has, and asks neighbours for
 * the rest, by hash. What is fetched for a look is neither kept nor run.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Advert } from '../core/membership/adverts.js'
import { denialOfMeeting, refusalOfWork } from '../core/step/admission.js'
import { decode } from '../protocol/codec.js'
import { GridError, isGridError } from '../protocol/errors.js'
import type { BlobHash, JobId, PeerId } from '../protocol/ids.js'
import type { InspectedManifest, InspectView } from '../protocol/inspect-view.js'
import { limits } from '../protocol/limits.js'
import { type Manifest, unitCountOf, unpackManifest } from '../protocol/manifest.js'
import { type Sealed, sealedSchema } from '../protocol/seal.js'
import { type TaskBundle, unpackBundle } from '../protocol/task-bundle.js'
import type { GatewayBackend } from './gateway/backend.js'
import type { NodeParts } from './node-parts.js'
import { systemClock } from './system-clock.js'

/** Neighbours that are asked for one thing, one after the other. */
const askedMax = 16
/** For all of them, and for one: a person waits. */
const lookMsMax = 30_000
const askMsMax = 8_000

export function inspectRequests(parts: NodeParts): Pick<GatewayBackend, 'inspect'> {
  return {
    inspect: ({ what }, signal) => {
      const bound = AbortSignal.any([signal, parts.stopped, AbortSignal.timeout(lookMsMax)])
      return new Look(parts, bound).at(what)
    },
  }
}

/** One look at one thing. */
class Look {
  readonly #parts: NodeParts
  readonly #signal: AbortSignal
  readonly #asked = new Set<PeerId>()
  readonly #problems: string[] = []

  constructor(parts: NodeParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  /** @throws {GridError} MH_JOB_UNKNOWN, MH_JOB_AMBIGUOUS */
  async at(what: string): Promise<InspectView> {
    const { jobs, tasks } = this.#known(what)
    const fitting = [...jobs, ...tasks]
    const others = fitting.length > 0 ? [] : await this.#stored(what)
    const [only = what] = [...fitting, ...others]
    const count = fitting.length + others.length
    if (count > 1) throw ambiguous(what, count)
    if (jobs.has(only)) return await this.#job(only as JobId)
    if (tasks.has(only)) return await this.#task(only as BlobHash)
    if (only.length < 64) throw unknown(what)
    return await this.#either(only as BlobHash)
  }

  /** Ids and hashes that this node has heard of. */
  #known(what: string): { jobs: Set<string>; tasks: Set<string> } {
    const { stewarded, hosting, adverts } = this.#parts.state
    const ids = [...stewarded.keys(), ...hosting.jobs.keys(), ...adverts.adverts.keys()]
    const hashes = [
      ...[...stewarded.values()].map(({ job }) => job.manifest.taskHash),
      ...[...hosting.jobs.values()].map(({ advert }) => advert.taskHash),
      ...[...adverts.adverts.values()].map(({ body }) => body.taskHash),
    ]
    const fits = (id: string) => id.startsWith(what)
    return { jobs: new Set(ids.filter(fits)), tasks: new Set(hashes.filter(fits)) }
  }

  async #stored(what: string): Promise<string[]> {
    const blobs = await this.#parts.store.listBlobs()
    return blobs.map(({ hash }) => hash).filter((hash) => hash.startsWith(what))
  }

  async #job(job: JobId): Promise<InspectView> {
    const advert = this.#parts.state.adverts.adverts.get(job)
    const bytes = await this.#obtain(asBlob(job), limits.manifestBytesMax, 'the manifest', advert)
    return await this.#ofManifest(job, bytes, advert)
  }

  async #ofManifest(
    job: JobId,
    bytes: Uint8Array | undefined,
    advert: Advert | undefined,
  ): Promise<InspectView> {
    const opened = bytes && this.#open(job, bytes)
    const taskHash = opened?.manifest.taskHash ?? advert?.body.taskHash
    const bundle =
      taskHash && (await this.#obtain(taskHash, limits.bundleBytesMax, 'the task', advert))
    if (opened !== undefined && bundle !== undefined) this.#compare(opened.manifest, bundle)
    if (opened !== undefined && advert !== undefined) this.#confront(opened.manifest, advert)
    return this.#view({ job, opened, task: taskHash, bundle, advert })
  }

  async #task(hash: BlobHash): Promise<InspectView> {
    const adverts = [...this.#parts.state.adverts.adverts.values()]
    const advert = adverts.find(({ body }) => body.taskHash === hash)
    const bundle = await this.#obtain(hash, limits.bundleBytesMax, 'the task', advert)
    return this.#view({ task: hash, bundle })
  }

  /** A hash that nobody told us what it is of. */
  async #either(hash: BlobHash): Promise<InspectView> {
    const bytes = await this.#obtain(hash, limits.bundleBytesMax, 'it', undefined)
    if (bytes === undefined) throw unknown(hash, this.#asked.size)
    try {
      decode(bytes, sealedSchema, 'a sealed manifest')
    } catch {
      return this.#view({ task: hash, bundle: bytes })
    }
    return await this.#ofManifest(hash as string as JobId, bytes, undefined)
  }

  #view(seen: {
    job?: JobId
    opened?: (InspectedManifest & { manifest: Manifest }) | undefined
    task: BlobHash | undefined
    bundle: Uint8Array | undefined
    advert?: Advert | undefined
  }): InspectView {
    const { job, opened, task, bundle, advert } = seen
    if (bundle !== undefined) this.#read(bundle)
    const body = advert?.body
    const { manifest: _, ...shown } = opened ?? { manifest: undefined }
    return {
      manifest: opened === undefined ? undefined : (shown as InspectedManifest),
      task,
      bundle,
      advert: body && {
        steward: body.steward,
        requester: body.requester,
        name: body.name,
        tier: body.tier,
      },
      relation: this.#relation(job),
      refused: this.#refusal(job, opened?.manifest, advert),
      asked: [...this.#asked],
      problems: this.#problems,
    }
  }

  #relation(job: JobId | undefined): InspectView['relation'] {
    const { stewarded, hosting, adverts } = this.#parts.state
    if (job === undefined) return 'unknown'
    if (stewarded.has(job)) return 'own'
    const hosted = hosting.jobs.get(job)
    if (hosted !== undefined && hosted.phase !== 'refused') return 'hosted'
    return hosted !== undefined || adverts.adverts.has(job) ? 'heard-of' : 'unknown'
  }

  #refusal(
    job: JobId | undefined,
    manifest: Manifest | undefined,
    advert: Advert | undefined,
  ): string | undefined {
    const { state } = this.#parts
    const nowMs = systemClock.nowMs()
    if (advert !== undefined) {
      const denied = denialOfMeeting(state, advert.body.steward, nowMs)
      if (denied !== undefined) return denied.reason
    }
    const isOwn = job !== undefined && state.stewarded.has(job)
    if (manifest === undefined)
      return (
        advert && refusalOfWork(state, advert.body, { steward: advert.body.steward, isOwn }, nowMs)
      )
    const { requester, taskHash, task } = manifest
    const by = { steward: advert?.body.steward ?? requester, isOwn }
    return refusalOfWork(state, { requester, taskHash, ...task }, by, nowMs)
  }

  /** What can be read of a manifest, whoever signed it. */
  #open(job: JobId, bytes: Uint8Array): (InspectedManifest & { manifest: Manifest }) | undefined {
    try {
      const sealed = decode(bytes, sealedSchema, 'the manifest')
      const manifest = unpackManifest(sealed.body)
      const { requester, name, inputs, goal, acceptance, params } = manifest
      const signed = sealed.signer === requester && this.#isTrue(sealed)
      if (!signed)
        this.#problems.push(`the manifest is not signed by ${requester}, whose job it says it is`)
      const units = unitCountOf(inputs)
      return { manifest, job, requester, signed, name, inputs, units, goal, acceptance, params }
    } catch (error) {
      this.#problems.push(wordsOf(error))
      return undefined
    }
  }

  #isTrue(sealed: Sealed): boolean {
    try {
      this.#parts.mail.open('manifest', sealed)
      return true
    } catch {
      return false
    }
  }

  #read(bytes: Uint8Array): TaskBundle | undefined {
    try {
      return unpackBundle(bytes)
    } catch (error) {
      if (!this.#problems.includes(wordsOf(error))) this.#problems.push(wordsOf(error))
      return undefined
    }
  }

  #compare(manifest: Manifest, bytes: Uint8Array): void {
    const bundle = this.#read(bytes)
    if (bundle !== undefined && !isDeepStrictEqual(manifest.task, bundle.descriptor))
      this.#problems.push('the task is not the one that the manifest describes: hosts refuse it')
  }

  #confront(manifest: Manifest, { body }: Advert): void {
    if (body.requester !== manifest.requester)
      this.#problems.push(`its advert names another owner, ${body.requester}`)
    if (body.taskHash !== manifest.taskHash)
      this.#problems.push('its advert names another task: hosts refuse it')
    else if (body.tier !== manifest.task.tier)
      this.#problems.push(`its advert calls the task ${body.tier}, it is ${manifest.task.tier}`)
  }

  /** From here, else from whoever most likely has it. */
  async #obtain(
    hash: BlobHash,
    bytesMax: number,
    what: string,
    advert: Advert | undefined,
  ): Promise<Uint8Array | undefined> {
    const kept = await this.#parts.store.readBlob(hash)
    if (kept !== undefined) return kept
    let reason = 'there is no neighbour to ask'
    for await (const peer of this.#holders(advert)) {
      this.#asked.add(peer)
      try {
        const bound = AbortSignal.any([this.#signal, AbortSignal.timeout(askMsMax)])
        return await this.#parts.overlay.fetchBlob(peer, hash, bytesMax, bound)
      } catch (error) {
        reason = wordsOf(error)
        if (this.#signal.aborted) break
      }
    }
    this.#problems.push(`${what} cannot be had: ${reason}`)
    return undefined
  }

  /** The steward, who told us, then any neighbour; a steward that is no neighbour is made one when nobody else has it. */
  async *#holders(advert: Advert | undefined): AsyncGenerator<PeerId> {
    const { state, overlay } = this.#parts
    const likely = advert === undefined ? [] : [advert.body.steward, advert.from]
    const all = new Set([...likely, ...overlay.neighbours()])
    let asked = 0
    for (const peer of all) {
      if (asked >= askedMax) break
      if (!state.neighbours.neighbours.has(peer)) continue
      asked++
      yield peer
    }
    const steward = advert?.body.steward
    if (advert === undefined || steward === undefined) return
    if (state.neighbours.neighbours.has(steward) || this.#signal.aborted) return
    try {
      yield await overlay.connect(advert.body.addresses, this.#signal)
    } catch {
      // What the others said is reason enough.
    }
  }
}

function wordsOf(error: unknown): string {
  return isGridError(error) || error instanceof Error ? error.message : String(error)
}

/** A job's manifest goes by the job's id. */
function asBlob(job: JobId): BlobHash {
  return job as string as BlobHash
}

function unknown(what: string, asked = 0): GridError {
  const who =
    asked === 0
      ? ''
      : `, nor ${asked === 1 ? 'has the neighbour' : `have the ${asked} neighbours`} that it asked`
  return new GridError('MH_JOB_UNKNOWN', `this node knows no job or task ${what}${who}`, {
    blame: 'user',
    hint: '"manyhands jobs" and "manyhands jobs --hosted" list what it knows; a whole id is also looked for at neighbours',
  })
}

function ambiguous(what: string, count: number): GridError {
  return new GridError('MH_JOB_AMBIGUOUS', `${count} jobs and tasks begin with ${what}`, {
    blame: 'user',
    hint: 'give more digits',
  })
}
