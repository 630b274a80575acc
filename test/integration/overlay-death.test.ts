import { afterEach, describe, expect, test } from '@jest/globals'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { startStation } from '../contract/overlay-recorder.js'
import { OverlayChild } from './overlay-child.js'

const fleet = libp2pFleet({ dht: 'off', times: { silenceMs: 1_500 } })
const children: OverlayChild[] = []

async function startChild(): Promise<OverlayChild> {
  const child = await OverlayChild.start({ dht: 'off', times: { silenceMs: 1_500 } })
  children.push(child)
  return child
}

afterEach(async () => {
  await fleet.dispose()
  await Promise.all(children.splice(0).map((child) => child.kill()))
})

describe('a dead peer', () => {
  test('is noticed when its process is killed', async () => {
    const child = await startChild()
    const { overlay, seen } = await startStation(await fleet.create())
    await overlay.connect(child.ready.addresses)
    const left = seen.untilLeft(child.ready.self)
    await child.kill()
    await left
    expect(overlay.neighbours()).toEqual([])
    expect(seen.countOf('neighbour-left', child.ready.self)).toBe(1)
  })

  test('is noticed by its silence when it hangs and its sockets stay open', async () => {
    const child = await startChild()
    const { overlay, seen } = await startStation(await fleet.create())
    await overlay.connect(child.ready.addresses)
    const left = seen.untilLeft(child.ready.self)
    child.freeze()
    await left
    const event = seen.events.find(({ type }) => type === 'neighbour-left')
    expect(event).toMatchObject({ reason: expect.stringContaining('nothing came') })
  })

  test('is not seen in one that merely has nothing to say', async () => {
    const child = await startChild()
    const { overlay, seen } = await startStation(await fleet.create())
    await overlay.connect(child.ready.addresses)
    // Longer than the silence that kills: only the beats keep the two together.
    await expect(seen.untilLeft(child.ready.self, 4_000)).rejects.toThrow('waited')
    expect(overlay.neighbours()).toEqual([child.ready.self])
  })
})
