/** Addresses and blocks of them, held against Node's own reading of both. */
import { BlockList, isIP, SocketAddress } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createGate, denialOfAddress } from '../../coordinator-free-node/core/membership/gate.js'
import {
  formatSubnet,
  type IpAddress,
  parseIp,
  parseSubnet,
} from '../../coordinator-free-node/protocol/subnet.js'

const ip4 = fc.ipV4()
const ip6 = fc.ipV6()
/** Addresses that share long prefixes, so that blocks of all lengths contain some of them. */
const near4 = fc
  .tuple(fc.constantFrom('10.0.0', '10.0.1', '192.0.2'), fc.integer({ min: 0, max: 255 }))
  .map(([head, tail]) => `${head}.${tail}`)
const near6 = fc
  .tuple(fc.constantFrom('2001:db8::', '2001:db8:0:1::'), fc.integer({ min: 0, max: 65_535 }))
  .map(([head, tail]) => `${head}${tail.toString(16)}`)
const any = fc.oneof(ip4, ip6, near4, near6)

function ipOf(text: string): IpAddress {
  const ip = parseIp(text)
  if (ip === undefined) throw new Error(`${text} is no address`)
  return ip
}

const isMapped = (text: string) => text.includes(':') && ipOf(text).version === 4

/** What `denySubnets = [block]` says of an address. */
function isDenied(block: string, address: string): boolean {
  const entries = [{ subject: 'subnet' as const, verdict: 'deny' as const, value: block }]
  return denialOfAddress(createGate({ option: { entries } }), ipOf(address), 0) !== undefined
}

describe('an address', () => {
  test('is read wherever Node reads one, and nowhere else', () => {
    const odd = fc.constantFrom(
      '',
      '1',
      '::',
      '1.2.3',
      '01.2.3.4',
      '::ffff:1.2.3.4',
      '1::2::3',
      ':1',
    )
    fc.assert(
      fc.property(fc.oneof(any, odd, fc.stringMatching(/^[0-9a-f:.]{1,24}$/)), (text) => {
        expect(parseIp(text) === undefined).toBe(isIP(text) === 0)
      }),
      { numRuns: 3_000 },
    )
  })

  test('has one text, which Node reads as the same address', () => {
    fc.assert(
      fc.property(any, (text) => {
        const subnet = parseSubnet(text)
        const shown = subnet && formatSubnet(subnet)
        const family = text.includes(':') && !isMapped(text) ? 'ipv6' : 'ipv4'
        const plain = isMapped(text) ? ipOf(text).bytes.join('.') : text
        const { address } = new SocketAddress({ address: plain, family })
        expect(ipOf(shown ?? '')).toEqual(ipOf(address))
        expect(formatSubnet(parseSubnet(shown ?? '') ?? { ...ipOf('::'), bits: 0 })).toBe(shown)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1/64', '2001:0:0:1::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('%s is written %s', (text, shown) => {
    const subnet = parseSubnet(text)
    expect(subnet && formatSubnet(subnet)).toBe(shown)
  })

  test.each([
    '192.0.2.0/33',
    '::/129',
    '192.0.2/24',
    '1.2.3.4/',
    '1.2.3.4/-1',
    'example.org',
    '/24',
  ])('%s is no block', (text) => expect(parseSubnet(text)).toBeUndefined())
})

describe('a block', () => {
  test('denies the addresses that Node finds in it, and no others', () => {
    const pair = fc.oneof(
      fc.tuple(fc.oneof(ip4, near4), fc.oneof(ip4, near4), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.oneof(ip6, near6), fc.oneof(ip6, near6), fc.integer({ min: 0, max: 128 })),
    )
    fc.assert(
      fc.property(pair, ([net, address, bits]) => {
        // Node has an opinion of its own about IPv4 inside IPv6.
        fc.pre(!isMapped(net) && !isMapped(address))
        const family = net.includes(':') ? 'ipv6' : 'ipv4'
        const list = new BlockList()
        list.addSubnet(net, bits, family)
        expect(isDenied(`${net}/${bits}`, address)).toBe(list.check(address, family))
      }),
      { numRuns: 3_000 },
    )
  })

  test('of IPv4 holds for the same address inside IPv6, as dual-stack sockets show it', () => {
    fc.assert(
      fc.property(near4, fc.integer({ min: 0, max: 32 }), near4, (net, bits, address) => {
        expect(isDenied(`${net}/${bits}`, `::ffff:${address}`)).toBe(
          isDenied(`${net}/${bits}`, address),
        )
      }),
    )
  })

  test('of IPv6 says nothing of IPv4', () => {
    expect(isDenied('::/0', '192.0.2.7')).toBe(false)
    expect(isDenied('0.0.0.0/0', '2001:db8::1')).toBe(false)
  })
})
