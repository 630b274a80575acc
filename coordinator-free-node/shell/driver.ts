/**
 * The loop around the core: numbers events, stamps them with the time, steps, hands effects out, and wakes the core
 * when its own deadlines come. The simulator runs on this same loop.
 */
import type { Effect } from '../core/effect.js'
import type { EventBody } from '../core/event.js'
import type { NodeState } from '../core/state.js'
import { nextDeadlineMs, step } from '../core/step.js'
import type { Clock } from '../ports/clock.js'

export interface DriverOptions {
  state: NodeState
  clock: Clock
  /** Does what the core decided. May dispatch events; they are handled after the current one. */
  perform(effect: Effect): void
  /** Sees every event with its effects: traces and tests. */
  observe?(event: EventBody & { id: number; nowMs: number }, effects: readonly Effect[]): void
}

export interface Driver {
  dispatch(event: EventBody): void
  /** No event is handled after this. */
  stop(): void
}

export function createDriver({ state, clock, perform, observe }: DriverOptions): Driver {
  const queue: EventBody[] = []
  let lastId = 0
  let running = false
  let stopped = false
  let wakesAtMs = Number.POSITIVE_INFINITY
  let forgetWake = () => {}

  const handle = (body: EventBody) => {
    const event = { ...body, id: ++lastId, nowMs: clock.nowMs() }
    const effects = step(state, event)
    observe?.(event, effects)
    for (const effect of effects) perform(effect)
  }

  const sleep = () => {
    const atMs = nextDeadlineMs(state)
    if (atMs === wakesAtMs) return
    forgetWake()
    wakesAtMs = atMs
    if (atMs === Number.POSITIVE_INFINITY) return
    forgetWake = clock.wakeAt(atMs, () => {
      wakesAtMs = Number.POSITIVE_INFINITY
      dispatch({ type: 'deadline-reached' })
    })
  }

  const dispatch = (event: EventBody) => {
    if (stopped) return
    queue.push(event)
    if (running) return
    running = true
    try {
      let next = queue.shift()
      while (next !== undefined && !stopped) {
        handle(next)
        next = queue.shift()
      }
    } finally {
      running = false
    }
    if (!stopped) sleep()
  }

  return {
    dispatch,
    stop: () => {
      stopped = true
      forgetWake()
    },
  }
}
