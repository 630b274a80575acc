/** Effects made real: each goes to the part of the node that can do it; what comes of it returns as an event. */
import type { Effect } from '../core/effect.js'
import type { CoreMessage } from '../core/messages.js'
import { GridError, isGridError } from '../protocol/errors.js'
import type { JobId, PeerId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import type { Misdeed } from '../protocol/misdeeds.js'
import { unitsOf } from '../protocol/unit-runs.js'
import { keepPapers } from './grid/grid-papers.js'
import { readInputs, reasonOfLoss } from './input-packs.js'
import { forgetJob } from './journal.js'
import type { NodeParts } from './node-parts.js'

/** Does one thing that the core decided. */
export function perform(parts: NodeParts, effect: Effect): void {
  const { overlay, runner, journal, news, log } = parts
  switch (effect.type) {
    case 'send-message':
      sendMessage(parts, effect)
      return
    case 'dial':
      dial(parts, effect.peer, effect.addresses, effect.job)
      return
    case 'disconnect':
      overlay.disconnect(effect.peer, effect.reason)
      return
    case 'turn-away':
      overlay.turnAway()
      return
    case 'confirm-member':
      confirmMember(parts, effect)
      return
    case 'keep-membership':
      keepMembership(parts, effect.chain)
      return
    case 'provide':
      overlay.provide(effect.job, parts.stopped).catch((error: unknown) => {
        // The directory is a convenience: adverts carry the steward's addresses.
        log.overlay.debug(
          { job: effect.job, error: String(error) },
          'not announced in the directory',
        )
      })
      return
    case 'fetch-job':
      fetchJob(parts, effect)
      return
    case 'execute-units':
      runner.execute(effect)
      return
    case 'check-results':
      parts.checker.check(effect)
      return
    case 'cancel-units':
      runner.cancel(effect)
      return
    case 'journal':
      journal.append(effect.entry, effect.records)
      return
    case 'results-ready':
      news.resultsReady(effect.job, effect.results)
      return
    case 'results-withdrawn':
      news.resultsWithdrawn(effect.job, effect.units)
      return
    case 'job-changed':
      news.jobChanged(effect.job)
      return
    case 'forget-job':
      forgetJob(parts.store, effect.job).catch((error: unknown) => {
        log.store.error({ job: effect.job, error: String(error) }, 'an old job cannot be deleted')
      })
      return
    case 'drained':
      news.drained()
      return
    case 'notice':
      log.jobs[effect.level === 'warning' ? 'warn' : 'info']({ job: effect.job }, effect.text)
      return
  }
}

type SendMessage = Extract<Effect, { type: 'send-message' }>

function sendMessage(parts: NodeParts, { to, message }: SendMessage): void {
  const { state } = parts
  const ownList =
    message.type === 'lease' &&
    message.inputs === undefined &&
    state.stewarded.get(message.job)?.job.manifest.inputs.kind === 'list'
  if (ownList) sendLeaseWithInputs(parts, to, message)
  else post(parts, to, message)
}

function post({ overlay, mail, tallies }: NodeParts, to: PeerId, message: CoreMessage): void {
  const bytes = mail.pack(message)
  tallies.countOut(message, bytes.length)
  overlay.send(to, [bytes])
}

/** A list job's inputs travel with the lease; what does not fit a message goes back to be leased again. */
function sendLeaseWithInputs(
  parts: NodeParts,
  to: PeerId,
  message: Extract<SendMessage['message'], { type: 'lease' }>,
): void {
  const { store, state, driver, log } = parts
  const { job, lease } = message
  const handBack = (units: readonly number[]) => {
    for (const unit of units) {
      const runs: [number, number][] = [[unit, 1]]
      const release = { type: 'release' as const, job, lease, runs }
      driver.dispatch({ type: 'message-received', from: to, message: release })
    }
  }
  const units = [...unitsOf(message.runs)]
  readInputs(store, job, units)
    .then((found) => {
      const { inputs, runs, left } = fitInputs(units, found)
      if (inputs.length > 0) post(parts, to, { ...message, runs, inputs })
      handBack(left)
    })
    .catch((error: unknown) => {
      // They went with its end.
      if (state.stewarded.get(job)?.job.phase !== 'running') return
      log.store.error({ job, error: String(error) }, 'inputs cannot be read')
      const reason = reasonOfLoss(error)
      if (reason === undefined) handBack(units)
      else driver.dispatch({ type: 'inputs-lost', job, reason })
    })
}

/** As many inputs as one message holds, in order. */
function fitInputs(
  units: readonly number[],
  found: readonly Uint8Array[],
): { inputs: Uint8Array[]; runs: [number, number][]; left: number[] } {
  const inputs: Uint8Array[] = []
  const runs: [number, number][] = []
  const left: number[] = []
  let bytes = 0
  units.forEach((unit, i) => {
    const input = found[i]
    if (input === undefined) return
    bytes += input.length
    if (inputs.length > 0 && bytes > limits.batchBytesMax + limits.unitInputBytesMax / 2) {
      left.push(unit)
      return
    }
    inputs.push(input)
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === unit) last[1]++
    else runs.push([unit, 1])
  })
  return { inputs, runs, left }
}

/** Tries the addresses, then whoever the directory names for the job. */
function dial(
  { overlay, driver, stopped }: NodeParts,
  peer: PeerId,
  addresses: readonly string[],
  job: JobId | undefined,
): void {
  const connect = async () => {
    try {
      await overlay.connect(addresses, stopped)
    } catch (error) {
      if (job === undefined) throw error
      const stewards = await overlay.lookup(job, stopped)
      const found = stewards.find((steward) => steward.peer === peer)
      if (found === undefined) throw error
      await overlay.connect(found.addresses, stopped)
    }
  }
  connect().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    driver.dispatch({ type: 'dial-failed', peer, reason })
  })
}

/** What a steward does wrong when its job cannot be had; a broken connection is nothing of the kind. */
const fetchMisdeeds: Partial<Record<string, Misdeed>> = {
  MH_BLOB_MISSING: 'job-missing',
  MH_BLOB_MISMATCH: 'blob-mismatch',
  MH_BAD_MESSAGE: 'job-false',
  MH_BAD_SIGNATURE: 'forged-signature',
  MH_TOO_LARGE: 'job-false',
}

function fetchJob(
  { blobs, driver, stopped }: NodeParts,
  { job, from, taskHash }: Extract<Effect, { type: 'fetch-job' }>,
): void {
  blobs
    .fetch(job, from, taskHash, stopped)
    .then((manifest) => driver.dispatch({ type: 'job-fetched', job, manifest }))
    .catch((error: unknown) => {
      const reason = error instanceof GridError ? error.message : String(error)
      // A wrong manifest or task stays wrong; a connection may come back.
      const retryable = !(
        isGridError(error) &&
        ['MH_BAD_MESSAGE', 'MH_BAD_SIGNATURE', 'MH_TOO_LARGE'].includes(error.code)
      )
      const misdeed = isGridError(error) ? fetchMisdeeds[error.code] : undefined
      driver.dispatch({ type: 'job-fetch-failed', job, reason, retryable, misdeed })
    })
}

/** Signs a certificate of its own for a member that came by an invitation. */
function confirmMember(
  parts: NodeParts,
  { peer, memberMs, through }: Extract<Effect, { type: 'confirm-member' }>,
): void {
  const { grid, state } = parts
  const member = state.members.known.get(peer)
  if (grid === undefined || member === undefined) return
  const chain = grid.confirm(member, { memberMs, through }, Date.now())
  if (chain !== undefined) post(parts, peer, { type: 'membership', chain })
}

function keepMembership({ grid, store, log }: NodeParts, chain: Uint8Array): void {
  const papers = grid?.adopt(chain, Date.now())
  if (papers === undefined) return
  log.grid.info({ grid: papers.name }, 'a member confirmed the membership of this node')
  keepPapers(store, papers).catch((error: unknown) => {
    log.grid.error({ error: String(error) }, 'the confirmed membership cannot be kept')
  })
}
