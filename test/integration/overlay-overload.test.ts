/**
 * libp2p's own monitor lost every connection of an overloaded node for good; this holds us to the contrary.
 */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { OverlayTimes } from '../../coordinator-free-node/shell/overlay/overlay.js'
import { libp2pFleet } from '../contract/overlay-fleet.js'
import { type Station, startStation } from '../contract/overlay-recorder.js'
import { OverlayChild } from './overlay-child.js'

const fleet = libp2pFleet({ dht: 'off' })
let child: OverlayChild | undefined

afterEach(async () => {
  await fleet.dispose()
  await child?.kill()
  child = undefined
})

async function stationsAround(times: Partial<OverlayTimes>, childTimes: Partial<OverlayTimes>) {
  child = await OverlayChild.start({ dht: 'off', times: childTimes })
  const stations: Station[] = []
  for (let i = 0; i < 4; i++) {
    const station = await startStation(await fleet.create({ times }))
    await station.overlay.connect(child.ready.addresses)
    stations.push(station)
  }
  return { child, stations, busy: child.ready.self }
}

/** Two megabytes a second from each, until told to stop: below what makes a neighbour count as stuck. */
function flood(stations: Station[], busy: Station['overlay']['self']): () => void {
  const message = new Uint8Array(2_000)
  const batch = Array.from({ length: 20 }, () => message)
  const timer = setInterval(() => {
    for (const { overlay } of stations) overlay.send(busy, batch)
  }, 20)
  return () => clearInterval(timer)
}

describe('an overloaded node', () => {
  test('takes none of its neighbours for dead, however long it is stalled itself', async () => {
    const { child, stations, busy } = await stationsAround(
      { silenceMs: 60_000 },
      { silenceMs: 1_000 },
    )
    const stopFlood = flood(stations, busy)
    child.order({ block: { ms: 2_000, times: 3 } })
    await child.until('the stall is over', ({ blocked }) => blocked === true)
    stopFlood()
    expect(child.reports.filter(({ event }) => event?.type === 'neighbour-left')).toEqual([])
    for (const { overlay } of stations) expect(overlay.neighbours()).toEqual([busy])
  })

  test('is dialled again by all who gave it up, and the mesh is whole', async () => {
    const times = { silenceMs: 1_000, redialMsMin: 200, dialMs: 3_000 }
    const { child, stations, busy } = await stationsAround(times, times)
    const stopFlood = flood(stations, busy)
    child.order({ block: { ms: 3_000, times: 3 } })
    await Promise.all(stations.map(({ seen }) => seen.untilLeft(busy)))
    await child.until('the stall is over', ({ blocked }) => blocked === true)
    stopFlood()
    await Promise.all(stations.map(({ seen }) => seen.untilJoined(busy, 25_000)))
    for (const { overlay } of stations) {
      expect(overlay.send(busy, [Uint8Array.of(1)])).toBe(true)
      const isJoined = ({ event }: (typeof child.reports)[number]) =>
        event?.peer === overlay.self && event.type === 'neighbour-joined'
      await child.until('it joined twice', () => child.reports.filter(isJoined).length >= 2)
    }
  }, 60_000)
})
