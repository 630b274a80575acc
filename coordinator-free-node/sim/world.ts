/** What all nodes of one simulation share. */
import type { JobId } from '../protocol/ids.js'
import type { Manifest } from '../protocol/manifest.js'
import type { Trace } from './trace.js'
import type { VirtualClock } from './virtual-clock.js'
import type { VirtualNetwork } from './virtual-network.js'

export interface World {
  clock: VirtualClock
  network: VirtualNetwork
  trace: Trace
  /** Manifests by job: what a fetch finds. */
  manifests: Map<JobId, Manifest>
  /** Every so many events of a node its whole state is validated; 0: never. */
  validateEvery: number
}
