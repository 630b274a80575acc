import { describe, expect, test } from '@jest/globals'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'

const content = new TextEncoder().encode('a vote')

describe('identity', () => {
  test('is the same node after a restart, and another each time it is made', () => {
    const bytes = createIdentity()
    expect(loadIdentity(bytes).signer.self).toBe(loadIdentity(bytes).signer.self)
    expect(loadIdentity(createIdentity()).signer.self).not.toBe(loadIdentity(bytes).signer.self)
    expect(loadIdentity(bytes).signer.self).toMatch(/^12D3KooW/)
  })

  test('signs what anybody can check who knows the peer id alone', async () => {
    const { signer, privateKey } = loadIdentity(createIdentity())
    const other = loadIdentity(createIdentity()).signer
    const signature = signer.sign(content)
    expect(signature).toHaveLength(64)
    expect(other.verify(signer.self, content, signature)).toBe(true)
    expect(other.verify(signer.self, content, signature)).toBe(true)
    // libp2p agrees: the two could vouch for each other's signatures.
    expect(await privateKey.publicKey.verify(content, signature)).toBe(true)
  })

  test('of another, a changed content and a cut signature do not verify', () => {
    const { signer } = loadIdentity(createIdentity())
    const other = loadIdentity(createIdentity()).signer
    const signature = signer.sign(content)
    expect(signer.verify(other.self, content, signature)).toBe(false)
    expect(signer.verify(signer.self, new Uint8Array(6), signature)).toBe(false)
    expect(signer.verify(signer.self, content, signature.subarray(1))).toBe(false)
  })

  test('a peer id that carries no key verifies nothing', () => {
    const { signer } = loadIdentity(createIdentity())
    const rsa = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' as PeerId
    for (const peer of [rsa, 'nonsense' as PeerId, '' as PeerId]) {
      expect(signer.verify(peer, content, signer.sign(content))).toBe(false)
    }
  })

  test('only one spelling of a peer id may vote', () => {
    const { signer } = loadIdentity(createIdentity())
    const alias = peerIdFromString(signer.self).toCID().toString() as PeerId
    expect(peerIdFromString(alias).toString()).toBe(signer.self)
    expect(signer.verify(alias, content, signer.sign(content))).toBe(false)
  })

  test('bytes that are no key are a corrupt state, not a crash', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(40), createIdentity().subarray(3)]) {
      expect(() => loadIdentity(bytes)).toThrow(
        expect.objectContaining({ code: 'MH_STATE_CORRUPT' }),
      )
    }
  })
})
