/** What clients ask about the lists: checked, kept on disk, then told to the core, which acts on it at once. */
import {
  type Denial,
  denialOfAddress,
  denialOfOwner,
  denialOfPeer,
  denialOfTask,
  type Gate,
} from '../../core/membership/gate.js'
import type { NodeState } from '../../core/state.js'
import { GridError } from '../../protocol/errors.js'
import type { GatewayRequest } from '../../protocol/gateway-api.js'
import type { BlobHash, PeerId } from '../../protocol/ids.js'
import type { EnlistedView } from '../../protocol/list-views.js'
import {
  canonicalValue,
  expectedValue,
  type ListEntry,
  type ListSubject,
} from '../../protocol/lists.js'
import { parseIp } from '../../protocol/subnet.js'
import type { GatewayBackend } from '../gateway/backend.js'
import type { NodeParts } from '../node-parts.js'
import type { ListChange } from './list-book.js'

type ListMethods = Pick<GatewayBackend, 'lists' | 'enlist' | 'delist' | 'importList' | 'exportList'>

/** Characters of a peer id or digits of a hash by which something known is meant. */
const shortMin = 6

export function listRequests(parts: NodeParts): ListMethods {
  const { state, driver, lists, overlay } = parts
  const apply = ({ source, list }: ListChange) =>
    driver.dispatch({ type: 'lists-changed', source, list })
  const neighbours = () => state.neighbours.neighbours.size
  return {
    lists: async ({ name }) => ({ ...lists.view(name), kept: overlay.denials() }),
    async enlist(request) {
      const entry = entryOf(state, request)
      apply(await lists.add(entry))
      return enlistedView(state, entry, neighbours())
    },
    async delist({ what }) {
      const { change, removed } = await lists.remove(spelt(what))
      apply(change)
      return { removed }
    },
    async importList({ text, label, signer }) {
      const { change, list, replaced } = await lists.import(text, label, signer)
      apply(change)
      return { list, replaced, neighbours: neighbours() }
    },
    exportList: async ({ name, sign }) => lists.export(name, sign ? state.self : undefined),
  }
}

/** Subnets and hashes may be spelt in other ways than they are kept. */
function spelt(what: string): string {
  return canonicalValue('subnet', what) ?? canonicalValue('task', what) ?? what
}

function entryOf(state: NodeState, request: GatewayRequest<'enlist'>): ListEntry {
  const { subject, verdict, forMs, note } = request
  const value = canonicalValue(subject, request.value) ?? knownValue(state, subject, request.value)
  if (value === state.self && verdict === 'deny')
    throw new GridError('MH_USAGE', 'that is this node itself', {
      blame: 'user',
      hint: 'its own jobs do not ask the lists; to stop working for others: manyhands pause',
    })
  return {
    subject,
    verdict,
    value,
    ...(forMs === undefined ? {} : { untilMs: Date.now() + forMs }),
    ...(note === undefined || note === '' ? {} : { note }),
  }
}

/**
 * What a short form stands for among all that this node has heard of.
 *
 * @throws {GridError} MH_USAGE when that is nothing, or more than one
 */
function knownValue(state: NodeState, subject: ListSubject, text: string): string {
  const all = text.length < shortMin ? [] : candidatesFor(state, subject)
  const fitting = [
    ...new Set(
      all.filter((one) => (subject === 'task' ? one.startsWith(text) : one.endsWith(text))),
    ),
  ]
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  throw new GridError(
    'MH_USAGE',
    fitting.length > 1
      ? `${fitting.length} known ${subject}s fit '${text}'`
      : `'${text}' is not ${expectedValue[subject]}`,
    {
      blame: 'user',
      hint: fitting.length > 1 ? 'give more of it' : hints[subject],
    },
  )
}

const hints = {
  peer: `of a peer that the node knows the last ${shortMin} characters will do: manyhands peers`,
  owner: `of an owner that the node has heard of the last ${shortMin} characters will do: manyhands jobs --hosted`,
  task: `of a task that the node has heard of the first ${shortMin} digits will do: manyhands jobs --hosted`,
  subnet: 'for example: manyhands deny subnet 203.0.113.0/24',
} as const satisfies Record<ListSubject, string>

function candidatesFor(state: NodeState, subject: ListSubject): string[] {
  const { neighbours, adverts, hosting } = state
  const bodies = [...adverts.adverts.values()].map(({ body }) => body)
  const hosted = [...hosting.jobs.values()].map(({ advert }) => advert)
  const known = [...bodies, ...hosted]
  if (subject === 'task') return known.map(({ taskHash }) => taskHash)
  if (subject === 'owner') return known.map(({ requester }) => requester)
  if (subject === 'subnet') return []
  return [...neighbours.neighbours.keys(), ...neighbours.known.keys()]
}

function enlistedView(state: NodeState, entry: ListEntry, neighbours: number): EnlistedView {
  const { subject, verdict, value, untilMs } = entry
  return {
    subject,
    verdict,
    value,
    endsInMs: untilMs === undefined ? undefined : untilMs - Date.now(),
    deniedBy: denialOf(state.gate, subject, value)?.source,
    allowed: allowedOf(state.gate, subject),
    neighbours,
  }
}

function denialOf(gate: Gate, subject: ListSubject, value: string): Denial | undefined {
  const nowMs = Date.now()
  if (subject === 'peer') return denialOfPeer(gate, value as PeerId, nowMs)
  if (subject === 'owner') return denialOfOwner(gate, value as PeerId, nowMs)
  if (subject === 'task') return denialOfTask(gate, value as BlobHash, nowMs)
  const ip = parseIp(value.replace(/\/.*/, ''))
  return ip && denialOfAddress(gate, ip, nowMs)
}

function allowedOf(gate: Gate, subject: ListSubject): number | undefined {
  let allowed = 0
  let isClosed = false
  for (const { only, source } of gate.sources.values()) {
    isClosed ||= only.has(subject)
    for (const entry of source.entries)
      if (entry.subject === subject && entry.verdict === 'allow') allowed++
  }
  return isClosed ? allowed : undefined
}
