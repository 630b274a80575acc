/** Overlays on libp2p over loopback, ports picked by the system. */
import type { Overlay } from '../../coordinator-free-node/ports/overlay.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import {
  createOverlay,
  type OverlayOptions,
} from '../../coordinator-free-node/shell/overlay/overlay.js'
import type { OverlayFleet } from './overlay-contract.js'

export const loopback = ['/ip4/127.0.0.1/tcp/0/ws']

export interface Libp2pFleet extends OverlayFleet {
  create(options?: Partial<OverlayOptions>): Promise<Overlay>
}

export function libp2pFleet(common: Partial<OverlayOptions> = {}): Libp2pFleet {
  const overlays: Overlay[] = []
  let seed = 1
  return {
    async create(options = {}) {
      const { privateKey } = loadIdentity(createIdentity())
      const overlay = createOverlay({
        privateKey,
        grid: 'test',
        listen: loopback,
        seed: seed++,
        ...common,
        ...options,
      })
      overlays.push(overlay)
      return overlay
    },
    // Port 1 needs privileges to listen on, and nothing does.
    unreachableAddress: () => '/ip4/127.0.0.1/tcp/1/ws',
    async dispose() {
      await Promise.all(overlays.map((overlay) => overlay.stop()))
    },
  }
}
