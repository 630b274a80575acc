/** The demo's plot: submit the search, follow it, kill a host half-way, hand everything to the referee. */
import type { Grid } from '../../../sdk/types.js'
import { hashSearch } from '../../../tasks/index.js'
import type { JobView } from '../../protocol/gateway-api.js'
import type { Context } from '../context.js'
import { percentOf } from '../format.js'
import { renderProgress } from '../progress.js'
import { GENESIS_HEADER, type SearchWindow } from './block-search.js'
import { type DemoReport, judge, type Kill } from './referee.js'
import type { Stage, StagedNode } from './stage.js'

const REDUNDANCY = 2
const WATCH_MS = 200
const KILL_PERCENT = 50
const LINE_MS = 3_000

export interface Plot {
  stage: Stage
  window: SearchWindow
  context: Context
  /** A line with the time since the start. */
  say(line: string): void
  signal: AbortSignal
}

export async function play(plot: Plot): Promise<DemoReport> {
  const { stage, window, context, signal } = plot
  const grid = await context.connect({ stateDirectory: stage.requesterState, node: 'running' })
  try {
    await untilNeighbours(grid, stage.hosts.length, signal)
    const startedMs = performance.now()
    const job = grid.run(
      hashSearch,
      { header: GENESIS_HEADER, ...window },
      { name: 'genesis-block', quorum: REDUNDANCY, signal },
    )
    const acts = createActs(plot)
    // The job's own promise tells how it ended.
    job.result.catch(() => undefined)
    for await (const view of job.watch({ everyMs: WATCH_MS, signal })) await acts.follow(view)
    const found = await job.result
    const view = await job.progress()
    return judge({
      players: [stage.requester, ...stage.hosts],
      view,
      nonce: found.nonce,
      window,
      elapsedMs: performance.now() - startedMs,
      kill: acts.kill(),
    })
  } finally {
    context.terminal.live(undefined)
    await grid.close()
  }
}

async function untilNeighbours(grid: Grid, wanted: number, signal: AbortSignal): Promise<void> {
  while ((await grid.status()).neighbours < wanted) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

interface Acts {
  follow(view: JobView): Promise<void>
  kill(): Kill | undefined
}

/** What is said and done as the job goes on. */
function createActs({ stage, context, say }: Plot): Acts {
  const nameOf = new Map(stage.hosts.map(({ peer, name }) => [peer, name]))
  const accused = new Set<string>()
  const victim = stage.hosts.find(({ role }) => role === 'killed')
  let kill: Kill | undefined
  let reassigned = 0
  let lineMs = Number.NEGATIVE_INFINITY

  function sayNews(view: JobView): void {
    for (const { peer, refused } of view.hosts) {
      if (refused === undefined || accused.has(peer)) continue
      accused.add(peer)
      say(`caught ${nameOf.get(peer) ?? peer}: ${refused}; it gets no more units`)
    }
    if (kill !== undefined && view.units.reassigned > reassigned) {
      const more = view.units.reassigned - reassigned
      say(`${more} units of hosts that went away given to others`)
    }
    reassigned = view.units.reassigned
  }

  async function killHalfWay(view: JobView, host: StagedNode): Promise<void> {
    const percent = percentOf(view.units.verified, view.units.total) ?? 0
    const inFlight = view.hosts.find(({ peer }) => peer === host.peer)?.inFlight ?? 0
    // Killing an idle host would show nothing: wait until it has units in hand.
    if (percent < KILL_PERCENT || inFlight === 0) return
    kill = { percent, inFlight }
    await host.kill()
    say(`killed ${host.name} (SIGKILL) with ${inFlight} units in hand`)
  }

  return {
    async follow(view) {
      sayNews(view)
      if (view.phase !== 'running') return
      if (victim !== undefined && kill === undefined) await killHalfWay(view, victim)
      if (context.terminal.canRewrite) return context.terminal.live(renderProgress(view))
      const nowMs = performance.now()
      if (nowMs - lineMs < LINE_MS) return
      lineMs = nowMs
      say(renderProgress(view))
    },
    kill: () => kill,
  }
}
