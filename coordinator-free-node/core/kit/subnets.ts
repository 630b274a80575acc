/**
 * Where an address lies, as far as that says who may be one person. Whoever rents a machine has its /24 for little, and
 * a home or a server has a whole /48 of IPv6. Loopback and private ranges say nothing: a lab's machines share them.
 */
import { type IpAddress, ipOfMultiaddr, prefixOf } from '../../protocol/subnet.js'

/** Bits that peers of one suspected person share. */
const bitsOf = { 4: 24, 6: 48 } as const

/** The /24 or /48 of a public address, a multiaddr; undefined for any other. */
export function subnetOf(address: string): string | undefined {
  const ip = ipOfMultiaddr(address)
  return ip && subnetOfIp(ip)
}

/** The same of an address that was read already. */
export function subnetOfIp(ip: IpAddress): string | undefined {
  return isPrivate(ip) ? undefined : prefixOf(ip, bitsOf[ip.version])
}

/** The first public subnet among a peer's addresses. */
export function publicSubnetOf(addresses: readonly string[]): string | undefined {
  for (const address of addresses) {
    const subnet = subnetOf(address)
    if (subnet !== undefined) return subnet
  }
  return undefined
}

/** RFC 1918, 6598, 3927 and 1122 for IPv4; RFC 4193 and 4291 for IPv6. */
function isPrivate({ version, bytes }: IpAddress): boolean {
  const [a = 0, b = 0] = bytes
  if (version === 6) {
    const isLow = bytes.slice(0, 15).every((byte) => byte === 0)
    return isLow || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80)
  }
  if (a === 0 || a === 10 || a === 127) return true
  if (a === 100) return (b & 0xc0) === 64
  if (a === 169) return b === 254
  return (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168)
}
