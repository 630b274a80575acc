/** Manifests and task bundles: made, fetched, checked and kept by hash. */
import { isDeepStrictEqual } from 'node:util'
import type { Overlay } from '../ports/overlay.js'
import type { Store } from '../ports/store.js'
import { decode, encode } from '../protocol/codec.js'
import { GridError } from '../protocol/errors.js'
import type { Submission } from '../protocol/gateway-api.js'
import { type BlobHash, hashOf, type JobId, type PeerId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { jobIdOf, type Manifest, packManifest, unpackManifest } from '../protocol/manifest.js'
import { sealedSchema } from '../protocol/seal.js'
import { type TaskBundle, unpackBundle } from '../protocol/task-bundle.js'
import type { EnclosedManifests } from './enclosed-manifests.js'
import type { Mail } from './mail.js'

export interface JobBlobs {
  /** Signs and stores what a user submits. @throws {GridError} MH_SCHEMA, MH_BAD_MODULE */
  create(submission: Submission, nonce: string): Promise<{ job: JobId; manifest: Manifest }>
  /** The manifest of a job whose blob is here; undefined when it is not, or is damaged. */
  manifestOf(job: JobId): Promise<Manifest | undefined>
  /** Manifest and task from here or from a peer. @throws {GridError} of the overlay, or MH_BAD_* */
  fetch(job: JobId, from: PeerId, taskHash: BlobHash, signal: AbortSignal): Promise<Manifest>
  /** The task to run; it must be here. */
  bundleOf(taskHash: BlobHash): Promise<TaskBundle>
}

/** Bundles kept in memory, unpacked: a host serves a few tasks at a time. */
const bundlesKept = 16

/** @param onStored  hears of each blob that was written, with its size */
export function createJobBlobs(
  store: Store,
  overlay: Overlay,
  mail: Mail,
  enclosed: EnclosedManifests,
  onStored: (bytes: number) => void = () => {},
): JobBlobs {
  const bundles = new Map<BlobHash, TaskBundle>()

  const openManifest = (bytes: Uint8Array): Manifest => {
    const sealed = decode(bytes, sealedSchema, 'a sealed manifest')
    const manifest = unpackManifest(mail.open('manifest', sealed))
    if (manifest.requester !== sealed.signer)
      throw new GridError('MH_BAD_SIGNATURE', 'a manifest is not signed by its requester', {
        blame: 'remote',
      })
    return manifest
  }

  const obtain = async (hash: BlobHash, from: PeerId, bytesMax: number, signal: AbortSignal) => {
    const kept = await store.readBlob(hash)
    if (kept !== undefined) return kept
    const came = enclosed.of(asJob(hash))
    const bytes = came ?? (await overlay.fetchBlob(from, hash, bytesMax, signal))
    await store.writeBlob(hash, bytes)
    onStored(bytes.length)
    return bytes
  }

  const keepBundle = (hash: BlobHash, bundle: TaskBundle) => {
    bundles.set(hash, bundle)
    if (bundles.size <= bundlesKept) return
    const oldest = bundles.keys().next().value
    if (oldest !== undefined) bundles.delete(oldest)
  }

  return {
    async create({ manifest: draft, bundle }, nonce) {
      checkSubmission(draft, bundle)
      const manifest: Manifest = { ...draft, requester: overlay.self, nonce }
      const bytes = encode(mail.seal('manifest', packManifest(manifest)))
      const job = jobIdOf(bytes)
      await store.writeBlob(draft.taskHash, bundle)
      await store.writeBlob(asBlob(job), bytes)
      onStored(bundle.length + bytes.length)
      enclosed.keep(bytes)
      return { job, manifest }
    },
    async manifestOf(job) {
      const bytes = await store.readBlob(asBlob(job))
      return bytes === undefined ? undefined : openManifest(bytes)
    },
    async fetch(job, from, taskHash, signal) {
      const sealed = await obtain(asBlob(job), from, limits.manifestBytesMax, signal)
      const manifest = openManifest(sealed)
      const bytes = await obtain(taskHash, from, limits.bundleBytesMax, signal)
      const bundle = unpackBundle(bytes)
      if (manifest.taskHash !== taskHash || !isDeepStrictEqual(manifest.task, bundle.descriptor))
        throw new GridError('MH_BAD_MESSAGE', 'the task is not the one that the manifest names', {
          blame: 'remote',
        })
      keepBundle(taskHash, bundle)
      return manifest
    },
    async bundleOf(taskHash) {
      const kept = bundles.get(taskHash)
      if (kept !== undefined) return kept
      const bytes = await store.readBlob(taskHash)
      if (bytes === undefined)
        throw new GridError('MH_BLOB_MISSING', `the task ${taskHash} is not in the store`, {
          blame: 'local',
        })
      const bundle = unpackBundle(bytes)
      keepBundle(taskHash, bundle)
      return bundle
    },
  }
}

/** A job's manifest is served as a blob under the job's id. */
function asBlob(job: JobId): BlobHash {
  return job as string as BlobHash
}

function asJob(hash: BlobHash): JobId {
  return hash as string as JobId
}

function checkSubmission(draft: Submission['manifest'], bytes: Uint8Array): void {
  const bundle = unpackBundle(bytes)
  const wrong = (message: string) => new GridError('MH_SCHEMA', message, { blame: 'user' })
  if (hashOf(bytes) !== draft.taskHash)
    throw wrong('manifest.taskHash is not the hash of the bundle')
  if (!isDeepStrictEqual(bundle.descriptor, draft.task))
    throw wrong('manifest.task differs from the descriptor in the bundle')
  if (draft.task.tier === 'wasm' && !WebAssembly.validate(new Uint8Array(bundle.code)))
    throw new GridError(
      'MH_BAD_MODULE',
      `task ${draft.task.name}: not a valid WebAssembly module`,
      {
        blame: 'user',
        hint: 'build the module again; docs/tasks.md says what a module may import and must export',
      },
    )
}
