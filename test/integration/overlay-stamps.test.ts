/** Nodes that ask for work before they talk, and nodes that do it. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Overlay } from '../../coordinator-free-node/ports/overlay.js'
import type { PeerId } from '../../coordinator-free-node/protocol/ids.js'
import { epochAt, packStamp } from '../../coordinator-free-node/protocol/stamp.js'
import { createIdentity, loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import { openDesk } from '../../coordinator-free-node/shell/overlay/credentials.js'
import { createOverlay } from '../../coordinator-free-node/shell/overlay/overlay.js'
// The thread that works is a file of the build.
import { StampOffice } from '../../dist/coordinator-free-node/shell/overlay/stamp-office.js'

const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function openOffice(self: PeerId, bits: number, kept?: Uint8Array) {
  const saved: Uint8Array[] = []
  const office = await StampOffice.open({
    self,
    bits,
    kept,
    keep: async (stamp: Uint8Array) => void saved.push(stamp),
    nowUtcMs: Date.now,
    log: () => {},
  })
  undo.push(() => office.stop())
  return { office, saved }
}

async function start(bits: number, earns: boolean, kept?: Uint8Array, key = createIdentity()) {
  const { privateKey, signer } = loadIdentity(key)
  const { office, saved } = await openOffice(signer.self, bits, kept)
  const overlay: Overlay = createOverlay({
    privateKey,
    grid: 'test',
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    dht: 'off',
    credentials: office.deskBefore(openDesk),
    earn: earns ? (refusal) => office.earn(refusal) : undefined,
  })
  await overlay.start({ onEvent() {}, onMessages() {}, readBlob: async () => undefined })
  undo.push(() => overlay.stop())
  return { overlay, office, saved, key }
}

describe('a node that asks for a stamp', () => {
  test('is reached by whoever works for one, which it keeps', async () => {
    const asking = await start(3, false)
    const newcomer = await start(0, true)
    await newcomer.overlay.connect(asking.overlay.addresses())
    expect(asking.overlay.neighbours()).toEqual([newcomer.overlay.self])
    expect(newcomer.saved).toHaveLength(1)
    const again = await start(0, false, newcomer.saved[0], newcomer.key)
    await newcomer.overlay.stop()
    await again.overlay.connect(asking.overlay.addresses())
  })

  test('refuses everybody else, and says what it takes', async () => {
    const asking = await start(3, false)
    const idle = await start(0, false)
    await expect(idle.overlay.connect(asking.overlay.addresses())).rejects.toMatchObject({
      code: 'MH_PEER_UNREACHABLE',
      message: expect.stringContaining('asks for a stamp of 3 bits'),
    })
    expect(asking.overlay.neighbours()).toEqual([])
  })

  test("does not take another peer's stamp, nor one that is made up", async () => {
    const { office } = await openOffice('12D3KooWasking' as PeerId, 6)
    const { judge } = office.deskBefore(openDesk)
    const made = packStamp({ epoch: epochAt(Date.now()), nonce: new Uint8Array(8) })
    const old = packStamp({ epoch: 1, nonce: new Uint8Array(8) })
    for (const stamp of [undefined, made, old, new Uint8Array(3), new Uint8Array(6_000)])
      expect(await judge('12D3KooWstranger' as PeerId, { stamp })).toMatch(/stamp/)
    const { office: honest, saved } = await openOffice('12D3KooWhonest' as PeerId, 0)
    await honest.earn('this node asks for a stamp of 6 bits')
    expect(await judge('12D3KooWhonest' as PeerId, { stamp: saved[0] })).toBeUndefined()
    expect(await judge('12D3KooWthief' as PeerId, { stamp: saved[0] })).toMatch(/stamp/)
  })

  test('checks a few at once and sends a crowd away, and one peer only now and then', async () => {
    const { office } = await openOffice('12D3KooWasking' as PeerId, 16)
    const { judge } = office.deskBefore(openDesk)
    const stamp = (n: number) =>
      packStamp({ epoch: epochAt(Date.now()), nonce: new Uint8Array(8).fill(n) })
    const said = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        judge(`12D3KooWcrowd${n}` as PeerId, { stamp: stamp(1) }),
      ),
    )
    expect(said.filter((words) => words?.startsWith('too many'))).toHaveLength(100 - 2 - 32)
    for (let n = 0; n < 3; n++) await judge('12D3KooWsame' as PeerId, { stamp: stamp(n) })
    expect(await judge('12D3KooWsame' as PeerId, { stamp: stamp(9) })).toMatch(/a moment ago/)
  }, 30_000)

  test('is not worked for without bounds', async () => {
    const { office } = await openOffice('12D3KooWasked' as PeerId, 0)
    expect(await office.earn('this node asks for a stamp of 17 bits')).toBe(false)
    expect(await office.earn('it is tired')).toBe(false)
  })
})
