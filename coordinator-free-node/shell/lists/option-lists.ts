/** What options and settings file say about whom and what, as sources of the gate. */
import type { ListSource } from '../../core/membership/gate.js'
import {
  canonicalValue,
  type ListEntry,
  type ListSubject,
  type ListVerdict,
} from '../../protocol/lists.js'
import type { ParsedNodeOptions } from '../node-options.js'
import type { EffectiveOptions } from '../volunteer/effective-options.js'

/** Which option is about what. */
const lists = [
  ['allowPeers', 'peer', 'allow'],
  ['denyPeers', 'peer', 'deny'],
  ['allowSubnets', 'subnet', 'allow'],
  ['denySubnets', 'subnet', 'deny'],
  ['owners', 'owner', 'allow'],
  ['denyOwners', 'owner', 'deny'],
  ['tasks', 'task', 'allow'],
  ['denyTasks', 'task', 'deny'],
] as const satisfies readonly (readonly [keyof ParsedNodeOptions, ListSubject, ListVerdict])[]

/** A list that is given closes its kind, even an empty one. */
export function optionLists({
  options,
  origins,
}: Pick<EffectiveOptions, 'options' | 'origins'>): Record<string, ListSource> {
  const sources: Record<string, { entries: ListEntry[]; only: ListSubject[] }> = {}
  for (const [option, subject, verdict] of lists) {
    const values = options[option]
    const origin = origins[option]
    if (values === undefined || origin === undefined || origin === 'default') continue
    sources[origin] ??= { entries: [], only: [] }
    if (verdict === 'allow') sources[origin].only.push(subject)
    for (const value of values)
      sources[origin].entries.push({
        subject,
        verdict,
        value: canonicalValue(subject, value) ?? value,
      })
  }
  return sources
}
