/** What the gateway answers about a job or task that nobody has run yet. */
import type { BlobHash, JobId, PeerId } from './ids.js'
import type { Acceptance, JobInputs } from './manifest.js'

/** A job's manifest, as its requester signed it. */
export interface InspectedManifest {
  job: JobId
  /** Whose job it says it is. */
  requester: PeerId
  /** Whether that peer signed it. */
  signed: boolean
  name: string
  inputs: JobInputs
  /** Undefined for a list. */
  units: number | undefined
  goal: 'all' | 'first-hit'
  acceptance: Acceptance
  params: Uint8Array
}

export interface InspectView {
  /** Undefined where a task was asked for, or nobody here has it. */
  manifest: InspectedManifest | undefined
  /** The task's hash; undefined where not even that is known. */
  task: BlobHash | undefined
  /** The task as it travels: descriptor and code; undefined when nobody here has it. */
  bundle: Uint8Array | undefined
  /** What the job's advert claims; the manifest proves it. */
  advert: { steward: PeerId; requester: PeerId; name: string; tier: string } | undefined
  /** What this node has to do with it: its own, or one that it hosts or has heard of. */
  relation: 'own' | 'hosted' | 'heard-of' | 'unknown'
  /** Why this node does not run it; undefined where it does or would. */
  refused: string | undefined
  /** Peers that were asked for it; empty when it was here. */
  asked: readonly PeerId[]
  /** What is wrong with it: signatures and hashes that do not fit, or what cannot be had. */
  problems: readonly string[]
}
