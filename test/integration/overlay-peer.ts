/**
 * A node's overlay in a process of its own, for tests that kill or stall one. Speaks over the fork's channel:
 * in `{block: ms, times}` and `{stop: true}`; out `{ready}`, `{event}`, `{mail}`, `{blocked}`.
 */
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import {
  createOverlay,
  type OverlayOptions,
} from '../../coordinator-free-node/shell/overlay/overlay.js'

export interface PeerOrders {
  /** Spin for so long, `times` over, with one free turn of the event loop between. */
  block?: { ms: number; times: number }
  stop?: boolean
}

export interface PeerReport {
  ready?: { self: PeerId; addresses: readonly string[] }
  event?: { type: string; peer: PeerId; reason?: string }
  /** Messages received so far. */
  mail?: number
  blocked?: boolean
}

const report = (message: PeerReport) => process.send?.(message)
const settings = JSON.parse(process.argv[2] ?? '{}') as Partial<OverlayOptions>
const overlay = createOverlay({
  privateKey: loadIdentity(createIdentity()).privateKey,
  grid: 'test',
  listen: ['/ip4/127.0.0.1/tcp/0/ws'],
  ...settings,
})
let mail = 0

await overlay.start({
  onEvent: (event) => report({ event }),
  onMessages: (_peer, messages) => {
    mail += messages.length
  },
  readBlob: async () => undefined,
})
report({ ready: { self: overlay.self, addresses: overlay.addresses() } })

process.on('message', (orders: PeerOrders) => {
  if (orders.block !== undefined) block(orders.block.ms, orders.block.times)
  if (orders.stop === true) overlay.stop().then(() => process.disconnect())
})

function block(ms: number, times: number): void {
  if (times === 0) {
    report({ blocked: true, mail })
    return
  }
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
  setImmediate(() => setImmediate(() => block(ms, times - 1)))
}
