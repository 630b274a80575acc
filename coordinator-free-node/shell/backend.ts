/** What a client may ask of its node, answered from the core's views and the store. */
import { randomBytes } from 'node:crypto'
import {
  conductSummary,
  contentionView,
  favoursView,
  peerViews,
  receiptCount,
} from '../core/peer-views.js'
import { donationView, hostedViews, jobView } from '../core/views.js'
import { whyView } from '../core/why-view.js'
import { GridError } from '../protocol/errors.js'
import type { DonationView, JobView, NodeStatus, Submission } from '../protocol/gateway-api.js'
import type { JobId } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { calibrate } from './calibration.js'
import type { GatewayBackend } from './gateway/backend.js'
import { gridRequests } from './grid/grid-requests.js'
import { writeInputs } from './input-packs.js'
import { inspectRequests } from './inspector.js'
import { listRequests } from './lists/list-requests.js'
import type { NodeParts } from './node-parts.js'
import { receiptViews } from './receipts.js'
import { readAsCompleted, readInOrder } from './result-reader.js'
import { systemClock } from './system-clock.js'
import { readTrail } from './trail-reader.js'

/** This package's version; package.json and a test agree on it. */
export const version = '0.1.0'

/** A drain waits this long for running units before it reports what it has. */
const drainMsMax = 600_000

export function createBackend(parts: NodeParts): GatewayBackend {
  const { state, driver, blobs, news, overlay } = parts

  const viewOf = (job: JobId): JobView => {
    const view = jobView(state, job, systemClock.nowMs())
    if (view === undefined) throw unknownJob(job)
    return view
  }

  return {
    async submit(submission) {
      checkJobCount(parts)
      checkMaySubmit(parts)
      const { job, manifest } = await blobs.create(
        await sized(parts, submission),
        randomBytes(16).toString('hex'),
      )
      const saved = news.next(job, parts.stopped)
      driver.dispatch({ type: 'job-submitted', job, manifest })
      await saved
      return { job }
    },
    append: (request, signal) => append(parts, request, signal),
    async close({ job, units, error }) {
      const { appended } = jobOf(parts, job)
      if (error === undefined && units !== appended)
        throw new GridError('MH_INPUT_CUT', `the job has ${appended} inputs, not ${units}`, {
          blame: 'user',
          hint: 'append every input before closing the list',
        })
      driver.dispatch({ type: 'inputs-closed', job, units, error })
      return { units }
    },
    results: (request, signal) => results(parts, request, signal),
    async *watch({ job: ref, everyMs }, signal) {
      const job = findJob(parts, ref)
      for (;;) {
        const view = viewOf(job)
        if (view.phase !== 'running' || signal.aborted) return view
        yield view
        await pause(everyMs, signal)
      }
    },
    async *trail({ job: ref, last, follow }, signal) {
      const job = findJob(parts, ref)
      const lengthOf = () => state.stewarded.get(job)?.trail.length ?? 0
      let next = last === undefined ? 0 : Math.max(0, lengthOf() - last)
      let events = 0
      for (;;) {
        const hasEnded = viewOf(job).phase !== 'running'
        // The end itself may be on its way to the disk.
        if (hasEnded || !follow) await parts.journal.idle()
        const changed = news.next(job, signal)
        for await (const event of readTrail(parts.store, job, next)) {
          if (signal.aborted) break
          yield event
          events++
          next = event.index + 1
        }
        if (hasEnded || !follow || signal.aborted) return { events }
        await changed
      }
    },
    jobs: async () => ({ jobs: [...state.stewarded.keys()].map(viewOf) }),
    show: async ({ job }) => viewOf(findJob(parts, job)),
    async why({ job: ref }) {
      const job = findJob(parts, ref)
      const view = whyView(state, job, systemClock.nowMs())
      if (view === undefined) throw unknownJob(ref)
      return view
    },
    async cancel({ job: ref }) {
      const job = findJob(parts, ref)
      driver.dispatch({ type: 'job-cancelled', job })
      return viewOf(job)
    },
    peers: async () => ({ peers: peerViews(state, systemClock.nowMs()) }),
    status: async () => statusOf(parts),
    dial: async ({ address }, signal) => ({ peer: await overlay.connect([address], signal) }),
    async receipts() {
      await parts.journal.idle()
      return { receipts: await receiptViews(parts.store) }
    },
    hosted: async () => ({ jobs: hostedViews(state) }),
    async pause({ forMs }) {
      const untilUtcMs = forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + forMs
      driver.dispatch({ type: 'pause-requested', untilUtcMs })
      return await savedDonation(parts)
    },
    async resume() {
      driver.dispatch({ type: 'resume-requested' })
      return await savedDonation(parts)
    },
    ...gridRequests(parts),
    ...listRequests(parts),
    ...inspectRequests(parts),
    drain: (_request, signal) => drain(parts, signal),
    finish(_request, signal) {
      parts.finishing.abort()
      return drain(parts, signal)
    },
  }
}

/** A pause holds across restarts: whoever asked for it hears so once it is on disk. */
async function savedDonation({ state, journal }: NodeParts): Promise<DonationView> {
  await journal.idle()
  return donationView(state, systemClock.nowMs())
}

async function drain(parts: NodeParts, signal: AbortSignal): Promise<Record<string, never>> {
  const bound = AbortSignal.any([signal, parts.stopped, AbortSignal.timeout(drainMsMax)])
  const drained = parts.news.nextDrained(bound)
  parts.driver.dispatch({ type: 'drain-requested' })
  if (!isDrained(parts)) await drained
  return {}
}

function isDrained({ state }: NodeParts): boolean {
  return (
    state.hosting.draining &&
    [...state.hosting.jobs.values()].every(({ leases }) => leases.size === 0)
  )
}

function checkJobCount({ state }: NodeParts): void {
  const running = [...state.stewarded.values()].filter(({ job }) => job.phase === 'running').length
  if (running < limits.stewardedJobsMax) return
  throw new GridError('MH_TOO_MANY', `${running} jobs run on this node already`, {
    blame: 'user',
    retryable: true,
    hint: 'wait for some to end, or cancel some: "manyhands jobs" lists them',
  })
}

function unknownJob(ref: string): GridError {
  return new GridError('MH_JOB_UNKNOWN', `this node has no job ${ref}`, {
    blame: 'user',
    hint: '"manyhands jobs" lists the jobs of this node',
  })
}

/** @param ref  a job's id or its first digits */
function findJob({ state }: NodeParts, ref: string): JobId {
  const fitting = [...state.stewarded.keys()].filter((job) => job.startsWith(ref))
  const [job] = fitting
  if (job === undefined) throw unknownJob(ref)
  if (fitting.length > 1)
    throw new GridError('MH_JOB_AMBIGUOUS', `${fitting.length} jobs begin with ${ref}`, {
      blame: 'user',
      hint: 'give more digits',
    })
  return job
}

function jobOf({ state }: NodeParts, id: JobId) {
  const stewarded = state.stewarded.get(id)
  if (stewarded === undefined) throw unknownJob(id)
  return stewarded.job
}

/** With as many items in a unit as this node's threads suggest, where its user leaves that open. */
async function sized(parts: NodeParts, submission: Submission): Promise<Submission> {
  const { state, executor } = parts
  const { unitItemsMax, manifest } = submission
  if (unitItemsMax === undefined || manifest.inputs.kind !== 'range') return submission
  if (!state.config.donates) return submission
  const slots = executor.slots + state.neighbours.neighbours.size
  const unitItems = await calibrate({ executor, submission, unitItemsMax, slots })
  if (unitItems === undefined) return submission
  return { ...submission, manifest: { ...manifest, inputs: { ...manifest.inputs, unitItems } } }
}

/** Inputs go to disk first, then to the core; the answer waits while too many are ahead of their results. */
async function append(
  parts: NodeParts,
  { job: id, first, inputs }: { job: JobId; first: number; inputs: readonly Uint8Array[] },
  signal: AbortSignal,
): Promise<{ units: number }> {
  const { store, driver, news } = parts
  const job = jobOf(parts, id)
  if (job.manifest.inputs.kind !== 'list' || job.inputsClosed)
    throw new GridError('MH_USAGE', 'the inputs of this job are complete', { blame: 'user' })
  if (first > job.appended)
    throw new GridError(
      'MH_INPUT_CUT',
      `input ${first} follows ${job.appended}: some are missing`,
      {
        blame: 'user',
      },
    )
  const fresh = inputs.slice(job.appended - first)
  const start = job.appended
  let bytes = 0
  for (const [i, { length }] of fresh.entries()) {
    if (length > limits.unitInputBytesMax)
      throw new GridError(
        'MH_TOO_LARGE',
        `the input of unit ${start + i} has ${length} bytes, at most ${limits.unitInputBytesMax} are allowed`,
        { blame: 'user', hint: 'cut the input into smaller pieces' },
      )
    bytes += length
  }
  const count = fresh.length
  if (count > 0) {
    await writeInputs(store, id, start, fresh)
    driver.dispatch({ type: 'inputs-appended', job: id, first: start, count, bytes })
  }
  while (job.phase === 'running' && isFull(job) && !signal.aborted) await news.next(id, signal)
  if (job.phase !== 'running')
    throw new GridError('MH_JOB_CANCELLED', `the job has ended: ${job.error ?? job.phase}`, {
      blame: 'user',
    })
  return { units: job.appended }
}

/** Whether inputs are so far ahead of verified results that the source has to wait. */
function isFull(job: ReturnType<typeof jobOf>): boolean {
  const ahead = job.appended - job.canonical.size
  if (ahead >= limits.inputUnitsAheadMax) return true
  const unitBytes = job.appended === 0 ? 0 : job.appendedBytes / job.appended
  return ahead * unitBytes >= limits.inputBytesAheadMax
}

async function* results(
  parts: NodeParts,
  request: { job: string; from: number; order: 'input' | 'completion' },
  signal: AbortSignal,
) {
  const { store, news } = parts
  const job = findJob(parts, request.job)
  const follower = news.follow(job)
  const reading = {
    store,
    job,
    from: request.from,
    signal,
    news: (until: AbortSignal) => news.next(job, until),
    hasEnded: () => jobOf(parts, job).phase !== 'running',
    arrived: follower.arrived,
    withdrawn: follower.withdrawn,
  }
  const read = request.order === 'input' ? readInOrder : readAsCompleted
  try {
    return { units: yield* read(reading) }
  } finally {
    follower.close()
  }
}

function statusOf({ options, state, overlay }: NodeParts): NodeStatus {
  const { hosting, config } = state
  const hosted = [...hosting.jobs.values()]
  const jobs = [...state.stewarded.values()]
  const running = jobs.filter(({ job }) => job.phase === 'running').length
  return {
    peer: state.self,
    version,
    pid: process.pid,
    uptimeMs: systemClock.nowMs() - state.startedMs,
    addresses: overlay.addresses(),
    neighbours: state.neighbours.neighbours.size,
    donates: config.donates,
    slots: config.donates ? config.slots : 0,
    draining: hosting.draining,
    donation: donationView(state, systemClock.nowMs()),
    stateDirectory: options.stateDirectory,
    hosting: {
      jobs: hosted.filter(({ phase }) => phase === 'ready').length,
      leases: hosted.reduce((sum, { leases }) => sum + leases.size, 0),
      executing: hosted.reduce((sum, { leases }) => sum + unitsIn(leases.values()), 0),
      unitsDone: hosting.unitsDone,
      spentMs: hosting.spentMs,
    },
    jobs: { running, ended: jobs.length - running },
    favours: favoursView(state),
    contention: contentionView(state, systemClock.nowMs()),
    receipts: receiptCount(state),
    conduct: conductSummary(state, systemClock.nowMs()),
    residentBytes: process.memoryUsage.rss(),
  }
}

function unitsIn(leases: Iterable<{ remaining: ReadonlySet<number> }>): number {
  let units = 0
  for (const { remaining } of leases) units += remaining.size
  return units
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}

function checkMaySubmit({ grid }: NodeParts): void {
  if (grid === undefined || grid.roles.includes('submit')) return
  throw new GridError('MH_USAGE', `this node may not submit jobs to the grid "${grid.name}"`, {
    blame: 'user',
    hint: `its roles are ${grid.roles.join(', ')}; whoever invited it can give others`,
  })
}
