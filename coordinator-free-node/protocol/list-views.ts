/** What the gateway answers about the operator's lists. */
import type { PeerId } from './ids.js'
import type { ListSubject, ListVerdict } from './lists.js'

/** Where an entry comes from: an option, the settings file, a command, or somebody's list. */
export type ListOrigin = 'option' | 'file' | 'command' | 'list'

export interface ListedView {
  subject: ListSubject
  verdict: ListVerdict
  value: string
  note: string | undefined
  /** Milliseconds; below zero: it has ended. Undefined: for good. */
  endsInMs: number | undefined
  origin: ListOrigin
  /** Name of the imported list. */
  list: string | undefined
}

export interface ListsView {
  entries: readonly ListedView[]
  /** Kinds of which nothing passes but what is allowed. */
  only: readonly ListSubject[]
  lists: readonly ImportedListView[]
  /** How often somebody was kept out since the node started: at the socket, by name, and own dials not made. */
  kept: { sockets: number; peers: number; dials: number }
}

/** A list of somebody else's. */
export interface ImportedListView {
  name: string
  /** Who signed it; undefined: nobody. */
  signer: PeerId | undefined
  /** Wall clock, milliseconds. */
  updatedMs: number | undefined
  importedMs: number
  entries: number
  /** Of those, the ones that have not ended. */
  current: number
}

/** What came of a word about a value. */
export interface EnlistedView {
  subject: ListSubject
  verdict: ListVerdict
  /** Written out. */
  value: string
  endsInMs: number | undefined
  /** Set where it is kept out all the same, or kept out now: who says so. */
  deniedBy: string | undefined
  /** Things of that kind that are allowed, where nothing else is; undefined where everything else is. */
  allowed: number | undefined
  /** Neighbours now. */
  neighbours: number
}
