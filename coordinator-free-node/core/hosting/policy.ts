/**
 * What the machine works at all: kinds of tasks, and the memory that they ask for. A pure table of refusals, asked when
 * an advert comes and again when the signed manifest is here, since a steward may have advertised something else. Whose
 * tasks, and which, the operator's lists say (core/membership/gate.ts).
 */
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'

export interface HostingPolicy {
  /** Tiers served for anybody; `native` is none of them. */
  tiers: readonly TaskDescriptor['tier'][]
  /** Requesters whose `native` tasks, which nothing guards, may run. */
  nativeOwners: readonly PeerId[]
}

/** What a judgement needs to know of a job. */
export interface JobFacts {
  requester: PeerId
  taskHash: BlobHash
  tier: TaskDescriptor['tier']
  unitMemoryBytesMax: number
}

export interface HostMeans {
  donates: boolean
  draining: boolean
  slots: number
  unitMemoryBytesMax: number
  /** Of all units that run at the same time. */
  memoryBytesMax: number
}

/**
 * Why this host does not serve a job; undefined when it does.
 *
 * @param isOwn  whether the node's own user asks: the kinds are about others' tasks, the machine's bounds are not
 */
export function refusalOf(
  job: JobFacts,
  isOwn: boolean,
  means: HostMeans,
  policy: HostingPolicy,
): string | undefined {
  const { requester, tier } = job
  if (!means.donates) return 'this node donates no CPU'
  if (means.draining) return 'this node is finishing and takes nothing new'
  if (tier === 'native' && !policy.nativeOwners.includes(requester))
    return policy.nativeOwners.length === 0
      ? 'native tasks are off on this node'
      : 'native tasks of this owner are not allowed on this node'
  const memory = refusalOfMemory(job.unitMemoryBytesMax, means)
  if (memory !== undefined || isOwn) return memory
  if (tier !== 'native' && !policy.tiers.includes(tier)) return `this node runs no ${tier} tasks`
  return undefined
}

function refusalOfMemory(unitBytes: number, means: HostMeans): string | undefined {
  const { unitMemoryBytesMax, memoryBytesMax, slots } = means
  if (unitBytes > unitMemoryBytesMax)
    return `units may use ${mib(unitBytes)} of memory, this node allows ${mib(unitMemoryBytesMax)}`
  if (slots * unitBytes > memoryBytesMax)
    return `${slots} units at a time may use ${mib(slots * unitBytes)} of memory, this node gives ${mib(memoryBytesMax)}`
  return undefined
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / (1024 * 1024))} MiB`
}
