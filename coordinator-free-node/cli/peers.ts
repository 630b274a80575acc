/** Peers as text for a person: who helped whom, and what follows from it. Pure. */
import type { PeerView } from '../protocol/gateway-api.js'
import { countOf, formatCount, formatDurationMs, formatPeer, formatShare } from './format.js'
import { formatPairs } from './table.js'

/** More are a wall of text: `--all`, or `--json` for scripts. */
const shownMax = 30

/** @param all  however many there are */
export function renderPeers(peers: readonly PeerView[], all = false): string {
  if (peers.length === 0) {
    return 'no peers known yet; start another node on this network, or use --peer ADDRESS'
  }
  const sorted = [...peers].sort(byClaim)
  const shown = all ? sorted : sorted.slice(0, shownMax)
  const left = peers.length - shown.length
  return [
    summaryOf(peers),
    ...shown.map(renderPeer),
    ...(left === 0 ? [] : [`${formatCount(left)} more: manyhands peers --all`]),
  ].join('\n\n')
}

/** Whom we owe most first, then neighbours, then by what was exchanged. */
function byClaim(a: PeerView, b: PeerView): number {
  return (
    b.balanceMs - a.balanceMs ||
    Number(b.connected) - Number(a.connected) ||
    b.receivedMs + b.givenMs - (a.receivedMs + a.givenMs) ||
    (a.peer < b.peer ? -1 : 1)
  )
}

function summaryOf(peers: readonly PeerView[]): string {
  const neighbours = peers.filter(({ connected }) => connected).length
  const owed = peers.filter(({ balanceMs }) => balanceMs > 0)
  const owedMs = owed.reduce((sum, { balanceMs }) => sum + balanceMs, 0)
  const refused = peers.filter(({ refusals }) => refusals.length > 0).length
  return [
    `${countOf(peers.length, 'peer')}, ${countOf(neighbours, 'neighbour')}`,
    ...(owed.length === 0
      ? []
      : [`we owe ${formatCount(owed.length)} of them ${formatDurationMs(owedMs)}`]),
    ...(refused === 0 ? [] : [`${formatCount(refused)} refused`]),
  ].join('; ')
}

function renderPeer(peer: PeerView): string {
  const { receipts, refusals, addresses } = peer
  const pairs: [string, string][] = [
    ['  favours', favoursOf(peer)],
    ['  standing', standingOf(peer)],
  ]
  if (receipts.receipts > 0)
    pairs.push([
      '  receipts',
      `it signed for ${countOf(receipts.accepted, 'unit')} that we did for it`,
    ])
  for (const { reason, endsInMs } of refusals) {
    const end = endsInMs === undefined ? 'for good' : `for ${formatDurationMs(endsInMs)} more`
    pairs.push(['  refused', `${reason}; ${end}`])
  }
  if (peer.slowed)
    pairs.push(['  slowed', 'it sends too much or nonsense, so only a tenth of it is read'])
  if (addresses[0] !== undefined) pairs.push(['  address', addresses[0]])
  return `${formatPeer(peer.peer)}  ${stateOf(peer)}\n${formatPairs(pairs)}`
}

function stateOf({ connected, donates, refusals, slowed }: PeerView): string {
  const state = refusals.length > 0 ? 'refused, ' : slowed ? 'slowed, ' : ''
  if (!connected) return `${state}away`
  return `${state}neighbour${donates === false ? ', donates nothing' : ''}`
}

/** Who gave whom how much, and what the peer gets for it. */
function favoursOf({ receivedMs, givenMs, balanceMs, share }: PeerView): string {
  const [received, given] = [formatDurationMs(receivedMs), formatDurationMs(givenMs)]
  const now = share === undefined ? '' : `${formatShare(share)} of this node now`
  const unowed =
    share === undefined
      ? 'it gets what is idle, and little of what others want'
      : `it has ${now}, which others want, too`
  if (receivedMs <= 0)
    return givenMs <= 0
      ? `nothing given or received yet: ${unowed}`
      : `we gave it ${given} of work, it gave us nothing that was verified yet: ${unowed}`
  const exchanged = `gave us ${received} of work (verified), we gave it ${givenMs <= 0 ? 'nothing yet' : given}`
  return balanceMs > 0
    ? `${exchanged}: we owe it ${formatDurationMs(balanceMs)}, it is served first${share === undefined ? '' : `, with ${now}`}`
    : `${exchanged}: we owe it nothing, ${unowed}`
}

/** What this node believes of a peer as a host, in words. */
function standingOf({ accepted, checked, audited, refuted }: PeerView): string {
  const before =
    refuted === 0
      ? ''
      : `; caught with a wrong result ${refuted === 1 ? 'once' : `${refuted} times`}`
  if (accepted === 0 && checked === 0) return `it has done nothing for us yet${before}`
  const own = audited === 0 ? '' : `, ${formatCount(audited)} of them by this node`
  return checked === 0
    ? `a stranger: ${countOf(accepted, 'unit')} accepted, none checked by others${before}`
    : `${countOf(accepted, 'unit')} accepted, ${formatCount(checked)} checked${own}${before}`
}
