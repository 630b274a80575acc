/** What a running node is made of, for those who perform its effects and answer its clients. */
import type { NodeState } from '../core/state.js'
import type { Executor } from '../ports/executor.js'
import type { Overlay } from '../ports/overlay.js'
import type { Store } from '../ports/store.js'
import type { Driver } from './driver.js'
import type { PrivateGrid } from './grid/private-grid.js'
import type { HostRunner } from './host-runner.js'
import type { JobBlobs } from './job-blobs.js'
import type { JobNews } from './job-news.js'
import type { Journal } from './journal.js'
import type { ListBook } from './lists/list-book.js'
import type { Mail } from './mail.js'
import type { ParsedNodeOptions } from './node-options.js'
import type { ResultChecker } from './result-checker.js'
import type { NodeLog } from './telemetry/log.js'
import type { Tallies } from './telemetry/tallies.js'

export interface NodeParts {
  options: ParsedNodeOptions
  /** Undefined in an open grid. */
  grid: PrivateGrid | undefined
  state: NodeState
  driver: Driver
  store: Store
  overlay: Overlay
  executor: Executor
  mail: Mail
  blobs: JobBlobs
  lists: ListBook
  journal: Journal
  runner: HostRunner
  checker: ResultChecker
  news: JobNews
  tallies: Tallies
  log: NodeLog
  /** Aborted when somebody asks the node to finish and go. */
  finishing: AbortController
  /** Aborted when the node stops. */
  stopped: AbortSignal
}
