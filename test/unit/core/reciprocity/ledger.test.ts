import { describe, expect, test } from '@jest/globals'
import {
  balanceOf,
  bookGiven,
  bookReceived,
  bookWithdrawn,
  createLedger,
  makeRoomFor,
  restoreLedger,
} from '../../../../coordinator-free-node/core/reciprocity/ledger.js'
import { createStrangers } from '../../../../coordinator-free-node/core/reciprocity/strangers.js'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'

const peer = (n: number) => `12D3KooWpeer${n}` as PeerId

const createFavours = () => ({ ledger: createLedger(), strangers: createStrangers() })

describe('ledger of favours', () => {
  test('what a peer did for us counts for it, what we did for it against', () => {
    const favours = createFavours()
    const { ledger } = favours
    bookReceived(favours, peer(1), 300, 1)
    bookGiven(favours, peer(1), 100, 2)
    expect(ledger.get(peer(1))).toEqual({
      peer: peer(1),
      receivedMs: 300,
      givenMs: 100,
      balanceMs: 200,
      lentMs: 0,
      bookedMs: 2,
    })
  })

  test('nobody falls below a newcomer', () => {
    const favours = createFavours()
    const { ledger } = favours
    bookGiven(favours, peer(1), 500, 1)
    expect(balanceOf(ledger, peer(1))).toBe(0)
    bookReceived(favours, peer(1), 10, 2)
    expect(balanceOf(ledger, peer(1))).toBe(10)
    expect(balanceOf(ledger, peer(2))).toBe(0)
  })

  test('a withdrawn result takes its favour back, and no more than there is', () => {
    const favours = createFavours()
    const { ledger } = favours
    bookReceived(favours, peer(1), 100, 1)
    bookWithdrawn(ledger, peer(1), 40)
    expect(ledger.get(peer(1))).toMatchObject({ receivedMs: 60, balanceMs: 60 })
    bookWithdrawn(ledger, peer(1), 400)
    expect(ledger.get(peer(1))).toMatchObject({ receivedMs: 0, balanceMs: 0 })
    expect(bookWithdrawn(ledger, peer(2), 1)).toBeUndefined()
  })

  test('a full one drops the least valuable of the oldest', () => {
    const favours = createFavours()
    const { ledger } = favours
    for (let n = 0; n < limits.ledgerPeersMax; n++)
      bookReceived(favours, peer(n), 1_000 - (n % 7), n)
    expect(makeRoomFor(ledger, peer(3))).toBeUndefined()
    // 6, 13, 20 and 27 are worth least, and 6 has been there longest.
    expect(makeRoomFor(ledger, peer(limits.ledgerPeersMax))).toBe(peer(6))
    expect(ledger.size).toBe(limits.ledgerPeersMax - 1)
  })

  test('after a restart the oldest are still known as such', () => {
    const record = (n: number, bookedMs: number) => ({
      peer: peer(n),
      receivedMs: 0,
      givenMs: 0,
      balanceMs: 0,
      lentMs: 0,
      bookedMs,
    })
    const favours = createFavours()
    const { ledger } = favours
    restoreLedger(favours, [record(1, 30), record(2, 10), record(3, 20)])
    expect([...ledger.keys()]).toEqual([peer(2), peer(3), peer(1)])
  })
})
