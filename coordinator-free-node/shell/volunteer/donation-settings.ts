/** From what the volunteer wrote to what the core decides by. */
import { availableParallelism, totalmem } from 'node:os'
import type { CoreConfig } from '../../core/config.js'
import type { DonationRules } from '../../core/hosting/availability.js'
import type { HostingPolicy } from '../../core/hosting/policy.js'
import type { ParsedNodeOptions } from '../node-options.js'
import { parseHours } from './hours.js'

/** Threads for units, 0 for none. */
export function slotsOf({ cpus }: ParsedNodeOptions): number {
  return cpus ?? Math.max(1, availableParallelism() - 1)
}

export function memoryOf({ memory }: ParsedNodeOptions): number {
  return memory ?? Math.floor(totalmem() / 2)
}

export function donationConfigOf(options: ParsedNodeOptions): Partial<CoreConfig> {
  const slots = slotsOf(options)
  return {
    donates: slots > 0,
    slots: Math.max(1, slots),
    unitMemoryBytesMax: options.unitMemory,
    memoryBytesMax: memoryOf(options),
    policy: policyOf(options),
    rules: rulesOf(options),
    graceMs: options.grace,
    sameSubnet: options.sameSubnet,
    newcomerShare: options.newcomerShare / 100,
  }
}

function policyOf({ tiers, nativeOwners }: ParsedNodeOptions): HostingPolicy {
  return { tiers, nativeOwners }
}

function rulesOf(options: ParsedNodeOptions): DonationRules {
  const { hours, onlyWhenIdle, idleAfter, idleCpu, neverOnBattery } = options
  const windows = hours.flatMap((text) => {
    const parsed = parseHours(text)
    return typeof parsed === 'string' ? [] : parsed
  })
  const idle = onlyWhenIdle ? { afterMs: idleAfter, othersCpuShareMax: idleCpu / 100 } : undefined
  return { windows, idle, neverOnBattery }
}
