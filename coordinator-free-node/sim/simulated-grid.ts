/** A grid that was built: its nodes, and what is between them. */
import type { Random } from '../core/kit/random.js'
import type { LightHost } from './light-host.js'
import type { VirtualClock } from './virtual-clock.js'
import type { VirtualNetwork } from './virtual-network.js'
import type { VirtualNode } from './virtual-node.js'
import type { World } from './world.js'

export interface SimulatedGrid {
  world: World
  clock: VirtualClock
  network: VirtualNetwork
  random: Random
  requester: VirtualNode
  /** Full nodes, the requester first. */
  nodes: readonly VirtualNode[]
  /** All of them, light or full, by number. */
  everybody: readonly (VirtualNode | LightHost)[]
}
