/** Where an address lies. Loopback and private ranges say nothing: a lab's machines, or a simulation's, share them. */

/** Private and loopback IPv4: RFC 1918, RFC 6598, RFC 3927, RFC 1122. */
const privateIpv4 =
  /^(10|127|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./

/** The /24 or /48 of a public address; undefined for any other. */
export function subnetOf(address: string): string | undefined {
  const [, family, host] = address.split('/')
  if (host === undefined) return undefined
  if (family === 'ip4')
    return privateIpv4.test(host) ? undefined : host.split('.').slice(0, 3).join('.')
  if (family !== 'ip6' || /^(::1?$|f[cd]|fe[89ab])/i.test(host)) return undefined
  return expandIpv6(host).slice(0, 3).join(':')
}

/** The first public subnet among a peer's addresses. */
export function publicSubnetOf(addresses: readonly string[]): string | undefined {
  for (const address of addresses) {
    const subnet = subnetOf(address)
    if (subnet !== undefined) return subnet
  }
  return undefined
}

/** The eight groups of an IPv6 address, zeros filled in. */
function expandIpv6(host: string): string[] {
  const [head = '', tail] = host.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right]
}
