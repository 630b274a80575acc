/**
 * Internet addresses and blocks of them, as text and as bytes. Pure: the core judges by them, and a browser may.
 *
 * An IPv4 address that stands inside an IPv6 one (`::ffff:192.0.2.7`, as dual-stack sockets show it) is the IPv4
 * address: whoever denies 192.0.2.0/24 means it, too.
 *
 * Source: RFC 4632 (CIDR), RFC 4291 section 2.2, RFC 5952 for the text of IPv6.
 */

export interface IpAddress {
  version: 4 | 6
  /** 4 or 16. */
  bytes: readonly number[]
}

/** Addresses whose first `bits` are those of `bytes`; the other bits are zero. */
export interface Subnet extends IpAddress {
  bits: number
}

/** @returns undefined for what is no address; `fe80::1%eth0` is read without its zone */
export function parseIp(text: string): IpAddress | undefined {
  const ip4 = parseIp4(text)
  if (ip4 !== undefined) return { version: 4, bytes: ip4 }
  const bytes = parseIp6(text.replace(/%[A-Za-z0-9._-]+$/, ''))
  if (bytes === undefined) return undefined
  return isMapped(bytes) ? { version: 4, bytes: bytes.slice(12) } : { version: 6, bytes }
}

/**
 * @param text  `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a block of one
 * @returns undefined for what is neither; bits after the prefix do not count: 192.0.2.7/24 is 192.0.2.0/24
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [, host = '', length] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const ip = parseIp(host)
  if (ip === undefined) return undefined
  const isInside = ip.version === 4 && host.includes(':')
  const whole = isInside ? 128 : 8 * ip.bytes.length
  const written = length === undefined ? whole : Number(length)
  const bits = isInside ? written - 96 : written
  if (written > whole || bits < 0) return undefined
  return { version: ip.version, bytes: cutTo(ip.bytes, bits), bits }
}

/** The one way to write it: `192.0.2.0/24`, `2001:db8::/32`; a block of one without its length. */
export function formatSubnet({ version, bytes, bits }: Subnet): string {
  const host = version === 4 ? bytes.join('.') : formatIp6(bytes)
  return bits === 8 * bytes.length ? host : `${host}/${bits}`
}

/** The first `bits` of an address as a key: equal for all addresses of a block, and for no other of that length. */
export function prefixOf({ version, bytes }: IpAddress, bits: number): string {
  return `${version}:${cutTo(bytes, bits).join('.')}`
}

/** The address in a multiaddr such as `/ip4/192.0.2.7/tcp/4001/ws`; undefined where a name stands instead. */
export function ipOfMultiaddr(text: string): IpAddress | undefined {
  const [, family, host] = text.split('/')
  return (family === 'ip4' || family === 'ip6') && host !== undefined ? parseIp(host) : undefined
}

function cutTo(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * at))
    return byte & (0xff << (8 - kept)) & 0xff
  })
}

/** Octets with a leading zero are octal to some and decimal to others: they are nobody's. */
function parseIp4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes = parts.map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

function parseIp6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  // An IPv4 tail before the gap is no tail.
  if (halves[0]?.includes('.') === true) return undefined
  const zeros = 16 - head.length - tail.length
  return zeros < 2 ? undefined : [...head, ...Array<number>(zeros).fill(0), ...tail]
}

/** Groups of an address, or of what stands on one side of its `::`, as bytes. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [at, group] of groups.entries()) {
    const ip4 = at === groups.length - 1 ? parseIp4(group) : undefined
    if (ip4 !== undefined) bytes.push(...ip4)
    else if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return undefined
    else bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff)
  }
  return bytes.length <= 16 ? bytes : undefined
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

/** The longest run of zero groups, the first of several, becomes `::`; a single one stays. */
function formatIp6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  )
  let best = { at: 0, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (groups[at + length] === '0') length++
    if (length > best.length) best = { at, length }
  }
  if (best.length === 1) return groups.join(':')
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`
}
