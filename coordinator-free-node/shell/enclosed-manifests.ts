/**
 * Manifests that travel with adverts: a steward encloses those of its own jobs for its neighbours, which so need not
 * fetch them. On a long line that is two round trips less until a job begins.
 */
import type { JobId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { jobIdOf } from '../protocol/manifest.js'

/** Jobs that a node hears of before it serves one of them; the oldest goes first. Of the greatest size they are 512 KiB. */
const keptMax = 256

export class EnclosedManifests {
  readonly #kept = new Map<JobId, Uint8Array>()

  /** Keeps a sealed manifest under the job's id, which is its hash; one that is too long is left to be fetched. */
  keep(sealed: Uint8Array): void {
    if (sealed.length > limits.enclosedManifestBytesMax) return
    const job = jobIdOf(sealed)
    this.#kept.delete(job)
    // A copy: it came as a part of a larger message, which would be kept with it.
    this.#kept.set(job, sealed.slice())
    if (this.#kept.size <= keptMax) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }

  of(job: JobId): Uint8Array | undefined {
    return this.#kept.get(job)
  }
}
