import { expect, test } from '@jest/globals'
import { publicSubnetOf, subnetOf } from '../../../../coordinator-free-node/core/kit/subnets.js'

test.each([
  ['/ip4/198.51.100.7/tcp/1/ws', '/ip4/198.51.100.250/tcp/2/ws'],
  ['/ip4/198.51.100.7/tcp/1/ws', '/ip6/::ffff:198.51.100.9/tcp/1/ws'],
  ['/ip6/2001:db8:1::5/tcp/1/ws', '/ip6/2001:DB8:1:2:3:4:5:6/tcp/1/ws'],
])('%s lies where %s does', (address, other) => {
  expect(subnetOf(address)).toBeDefined()
  expect(subnetOf(address)).toBe(subnetOf(other))
})

test.each([
  ['/ip4/198.51.100.7/tcp/1/ws', '/ip4/198.51.101.7/tcp/1/ws'],
  ['/ip6/2001:db8:1::5/tcp/1/ws', '/ip6/2001:db8:2::5/tcp/1/ws'],
  ['/ip6/2001:db8::5/tcp/1/ws', '/ip6/2001:db8:1::5/tcp/1/ws'],
])('%s lies elsewhere than %s', (address, other) => {
  expect(subnetOf(address)).not.toBe(subnetOf(other))
})

test.each([
  '/ip4/127.0.0.1/tcp/1/ws',
  '/ip4/10.1.2.3/tcp/1/ws',
  '/ip4/172.16.0.1/tcp/1/ws',
  '/ip4/192.168.1.1/tcp/1/ws',
  '/ip4/100.64.0.1/tcp/1/ws',
  '/ip6/::1/tcp/1/ws',
  '/ip6/::ffff:192.168.1.1/tcp/1/ws',
  '/ip6/fd00::1/tcp/1/ws',
  '/ip6/fe80::1/tcp/1/ws',
  '/dns4/example.org/tcp/1/ws',
  'nonsense',
])('%s says nothing of who its host is', (address) => {
  expect(subnetOf(address)).toBeUndefined()
})

test('a peer is placed by its first public address', () => {
  const at = (host: string) => ['/ip4/127.0.0.1/tcp/1/ws', `/ip4/${host}/tcp/1/ws`]
  expect(publicSubnetOf(at('198.51.100.7'))).toBe(publicSubnetOf(at('198.51.100.9')))
  expect(publicSubnetOf(at('198.51.100.7'))).not.toBe(publicSubnetOf(at('203.0.113.9')))
  expect(publicSubnetOf(at('10.0.0.1'))).toBeUndefined()
  expect(publicSubnetOf([])).toBeUndefined()
})
