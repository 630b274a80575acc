/** The operator's lists for people. Pure. */
import type { GatewayResults } from '../protocol/gateway-api.js'
import type {
  EnlistedView,
  ImportedListView,
  ListedView,
  ListsView,
} from '../protocol/list-views.js'
import type { ListSubject } from '../protocol/lists.js'
import { countOf, formatClock, formatCount, formatPeer } from './format.js'
import { formatTable } from './table.js'

const origins = {
  option: 'option of the node',
  file: 'settings file',
  command: 'command',
  list: 'list',
} as const

export function renderLists(view: ListsView, now = new Date()): string {
  const parts = [
    view.entries.length === 0 && view.lists.length === 0 && view.only.length === 0
      ? 'no lists: this node deals with everybody'
      : renderEntries(view.entries, now),
    view.only.length === 0 ? '' : `Only what is allowed passes: ${view.only.join(', ')}.`,
    renderImported(view.lists, now),
    renderKept(view),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function renderEntries(entries: readonly ListedView[], now: Date): string {
  if (entries.length === 0) return ''
  return formatTable(
    [
      { title: 'VERDICT' },
      { title: 'KIND' },
      { title: 'VALUE' },
      { title: 'UNTIL' },
      { title: 'FROM' },
      { title: 'NOTE' },
    ],
    entries.map(({ verdict, subject, value, endsInMs, origin, list, note }) => [
      verdict,
      subject,
      value,
      untilOf(endsInMs, now),
      list === undefined ? origins[origin] : `list ${list}`,
      note ?? '',
    ]),
  )
}

function untilOf(endsInMs: number | undefined, now: Date): string {
  if (endsInMs === undefined) return 'for good'
  if (endsInMs <= 0) return 'ended'
  return formatClock(new Date(now.getTime() + endsInMs), now)
}

function renderImported(lists: readonly ImportedListView[], now: Date): string {
  if (lists.length === 0) return ''
  return formatTable(
    [
      { title: 'LIST' },
      { title: 'ENTRIES', align: 'right' },
      { title: 'SIGNED BY' },
      { title: 'VERSION OF' },
      { title: 'IMPORTED' },
    ],
    lists.map(({ name, entries, current, signer, updatedMs, importedMs }) => [
      name,
      current === entries
        ? formatCount(entries)
        : `${formatCount(current)} of ${formatCount(entries)}`,
      signer === undefined ? 'nobody' : formatPeer(signer),
      updatedMs === undefined ? '-' : new Date(updatedMs).toISOString().slice(0, 10),
      formatClock(new Date(importedMs), now),
    ]),
  )
}

function renderKept({ kept: { sockets, peers, dials } }: ListsView): string {
  if (sockets + peers + dials === 0) return ''
  return (
    `Kept out since the start: ${countOf(sockets, 'connection')} by address, ${formatCount(peers)} by peer; ` +
    `${countOf(dials, 'dial')} not made.`
  )
}

export function renderEnlisted(view: EnlistedView, now = new Date()): string {
  const { subject, verdict, value, endsInMs, deniedBy, allowed, neighbours } = view
  const until = endsInMs === undefined ? '' : ` until ${untilOf(endsInMs, now)}`
  const lines = [`${verdict === 'deny' ? 'denied' : 'allowed'}${until}: ${subject} ${value}`]
  if (verdict === 'allow' && deniedBy !== undefined)
    lines.push(`it is kept out all the same: a denial beats it (${sourceName(deniedBy)})`)
  if (verdict === 'allow' && allowed !== undefined) lines.push(onlyOf(subject, allowed))
  if (subject === 'peer' || subject === 'subnet')
    lines.push(`${countOf(neighbours, 'neighbour')} now`)
  return lines.join('\n')
}

const onlyWords = {
  peer: ['this node deals with', 'peer'],
  subnet: ['this node deals with nodes at', 'allowed subnet'],
  owner: ['this node takes work of', 'owner'],
  task: ['this node runs for others', 'task'],
} as const satisfies Record<ListSubject, readonly [string, string]>

function onlyOf(subject: ListSubject, allowed: number): string {
  const [words, noun] = onlyWords[subject]
  return `${words} ${countOf(allowed, noun)} and no others`
}

function sourceName(source: string): string {
  return source in origins ? origins[source as keyof typeof origins] : source
}

/** `1 entry`, `2 entries`. */
export function entriesOf(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'entry' : 'entries'}`
}

export function renderImport({ list, replaced, neighbours }: GatewayResults['importList']): string {
  const signed =
    list.signer === undefined
      ? 'nobody signed it'
      : `signed by ${list.signer}, and the signature is right`
  const before =
    replaced === undefined ? '' : `, in the place of ${countOf(replaced, 'earlier one')}`
  const ended = list.entries - list.current
  return [
    `list ${list.name}: ${entriesOf(list.entries)}${before}; ${signed}`,
    ...(ended === 0 ? [] : [`${formatCount(ended)} of them have ended already`]),
    `${countOf(neighbours, 'neighbour')} now`,
  ].join('\n')
}
