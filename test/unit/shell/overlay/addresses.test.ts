import { describe, expect, test } from '@jest/globals'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../../../coordinator-free-node/protocol/ids.js'
import {
  parseAddress,
  parseTarget,
  sanitiseAddresses,
  sortAddresses,
} from '../../../../coordinator-free-node/shell/overlay/addresses.js'

const one = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA' as PeerId
const two = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo' as PeerId

describe('addresses', () => {
  test.each([
    ['192.168.1.5:4001', '/ip4/192.168.1.5/tcp/4001/ws'],
    ['[fd00::2]:4001', '/ip6/fd00::2/tcp/4001/ws'],
    ['lab.example:80', '/dns4/lab.example/tcp/80/ws'],
    [' /dns/lab.example/tcp/80/ws ', '/dns/lab.example/tcp/80/ws'],
    [`/ip4/10.0.0.1/tcp/1/ws/p2p/${one}`, `/ip4/10.0.0.1/tcp/1/ws/p2p/${one}`],
  ])('%s is understood', (typed, expected) => {
    expect(String(parseAddress(typed))).toBe(expected)
  })

  test.each([
    '',
    'nonsense',
    '/ip4/1.2.3.4',
    '/ip4/1.2.3.4/tcp/80',
    '/ip4/1.2.3.4/udp/80/quic-v1',
    'host:99999',
    '/ip4/999.2.3.4/tcp/80/ws',
    '/ip4/10.0.0.1/tcp/1/ws/p2p/nobody',
    `/ip4/10.0.0.1/tcp/1/ws/${'x'.repeat(300)}`,
  ])('"%s" is refused by name, with an example', (typed) => {
    expect(() => parseAddress(typed)).toThrow(
      expect.objectContaining({
        code: 'MH_BAD_ADDRESS',
        blame: 'user',
        message: expect.stringContaining(typed),
        hint: expect.stringContaining('/ip4/192.168.1.5/tcp/4001/ws/p2p/12D3KooW'),
      }),
    )
  })

  test('those of one call are of one peer', () => {
    const plain = '/ip4/10.0.0.1/tcp/1/ws'
    const target = parseTarget([plain, `${plain}/p2p/${one}`])
    expect(target.peer).toBe(one)
    expect(target.addresses.map(String)).toEqual([`${plain}/p2p/${one}`, `${plain}/p2p/${one}`])
    expect(() => parseTarget([`${plain}/p2p/${one}`, `${plain}/p2p/${two}`])).toThrow('different')
    expect(() => parseTarget([])).toThrow('no address')
  })

  test('are told in the order of their use, loopback last, at most eight', () => {
    const list = ['127.0.0.1', '192.168.1.5', '8.8.8.8', '::1'].map((host) =>
      multiaddr(host.includes(':') ? `/ip6/${host}/tcp/1/ws` : `/ip4/${host}/tcp/1/ws`),
    )
    expect(sortAddresses(list).map((a) => a.split('/')[2])).toEqual([
      '8.8.8.8',
      '192.168.1.5',
      '127.0.0.1',
      '::1',
    ])
    const many = Array.from({ length: 20 }, (_, i) => multiaddr(`/ip4/10.0.0.${i}/tcp/1/ws`))
    expect(sortAddresses(many)).toHaveLength(8)
  })

  test('that a peer gives as its own are kept only when they can be', () => {
    const own = '/ip4/10.0.0.1/tcp/1/ws'
    expect(sanitiseAddresses([own, 'nonsense', `${own}/p2p/${two}`], one)).toEqual([
      `${own}/p2p/${one}`,
    ])
  })

  test('the example in the hint is a form that works', () => {
    try {
      parseAddress('nonsense')
    } catch (error) {
      const [, example] = /looks like (\S+);/.exec((error as { hint: string }).hint)!
      expect(String(parseAddress(example!))).toBe(example)
    }
    expect.assertions(1)
  })
})
