/** What one simulated host is like: its machine, its address, and its honesty. */
import { nextFraction, type Random } from '../core/kit/random.js'
import type { PeerId } from '../protocol/ids.js'
import type { Conduct } from './adversaries/conduct.js'
import type { ExecutorTraits } from './virtual-executor.js'

export interface HostTraits extends ExecutorTraits {
  conduct: Conduct | undefined
  /** First numbers of its IPv4 address; undefined: a /24 of its own. */
  subnet: string | undefined
  /** Mean time up and mean time down, exponential; undefined: always up. */
  churn: { upMs: number; downMs: number } | undefined
  /** Comes back under a new name once it is banned, and after so many units. */
  renamesAfter: number | undefined
}

/** An honest host of ordinary speed. */
export const honest: HostTraits = {
  slots: 1,
  unitMs: 100,
  strategy: undefined,
  conduct: undefined,
  subnet: undefined,
  churn: undefined,
  renamesAfter: undefined,
}

/** Peer ids of a simulation name their node and its life: `12D3KooWsimNode3`. */
export function peerNamed(node: number, life = 0): PeerId {
  const digits = (n: number) => n.toString(9).replaceAll('0', '9')
  return `12D3KooWsimNode${digits(node)}${life === 0 ? '' : `x${digits(life)}`}` as PeerId
}

export function addressOf(node: number, { subnet }: HostTraits): string {
  const [, b, c] = [0, (node >> 8) & 255, node & 255]
  const net = subnet ?? `${20 + (node >> 16)}.${b}.${c}`
  return `/ip4/${net}.${1 + (node % 250)}/tcp/4001`
}

/** @returns a time drawn from an exponential distribution */
export function exponentialMs(random: Random, meanMs: number): number {
  return -meanMs * Math.log(1 - nextFraction(random))
}

/** @returns a factor of median 1 whose logarithm is normal */
export function logNormal(random: Random, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - nextFraction(random)))
  return Math.exp(sigma * radius * Math.cos(2 * Math.PI * nextFraction(random)))
}
