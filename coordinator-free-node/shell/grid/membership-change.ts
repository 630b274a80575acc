/** Founding, joining and leaving a private grid: done to a state directory while no node runs on it. */
import type { Store } from '../../ports/store.js'
import { GridError } from '../../protocol/errors.js'
import type { PeerId } from '../../protocol/ids.js'
import { parseInvitation } from '../../protocol/invitation.js'
import type { Role } from '../../protocol/membership.js'
import { keptIdentity } from '../kept-identity.js'
import { openStore } from '../store/level-store.js'
import { acceptInvitation, dropPapers, foundGrid, keepPapers, readPapers } from './grid-papers.js'
import { PrivateGrid } from './private-grid.js'

export interface GridPlace {
  name: string
  /** As protocols name it. */
  overlayName: string
  /** This node. */
  peer: PeerId
  roles: readonly Role[]
  expiresUtcMs: number
}

/**
 * Founds a private grid on this node.
 *
 * @throws {GridError} MH_USAGE for a bad name or a node that belongs to a grid; MH_STATE_LOCKED while a node runs
 */
export async function createGrid(stateDirectory: string, name: string): Promise<GridPlace> {
  return await change(stateDirectory, async (store, identity) => {
    await mustBelongNowhere(store)
    const papers = foundGrid(name, identity)
    await keepPapers(store, papers)
    return placeOf(new PrivateGrid(papers, identity), identity.signer.self)
  })
}

/** @throws {GridError} MH_USAGE for a text that is no invitation, has expired or is for somebody else; MH_STATE_LOCKED */
export async function joinGrid(stateDirectory: string, text: string): Promise<GridPlace> {
  const invitation = parseInvitation(text)
  return await change(stateDirectory, async (store, identity) => {
    const before = await readPapers(store)
    // A new invitation to the same grid takes the place of a membership that ends.
    if (before?.authority !== invitation.authority) await mustBelongNowhere(store)
    const { seed } = before ?? {}
    const papers = acceptInvitation(invitation, identity)
    await keepPapers(store, seed === undefined ? papers : { ...papers, seed })
    return placeOf(new PrivateGrid(papers, identity), identity.signer.self)
  })
}

/**
 * @param withKey  also where the grid was founded, whose key is gone then
 * @returns the name of the grid that it left
 * @throws {GridError} MH_USAGE when it belonged to none, or holds the grid's key; MH_STATE_LOCKED
 */
export async function leaveGrid(
  stateDirectory: string,
  withKey: boolean,
): Promise<{ name: string; founder: boolean }> {
  return await change(stateDirectory, async (store) => {
    const papers = await readPapers(store)
    if (papers === undefined)
      throw new GridError('MH_USAGE', 'this node is a member of no private grid', {
        blame: 'user',
        hint: 'it is on the open grid, and needs to leave nothing',
      })
    if (papers.seed !== undefined && !withKey)
      throw new GridError(
        'MH_USAGE',
        `the grid "${papers.name}" was founded here: leaving forgets its key for good`,
        {
          blame: 'user',
          hint: 'say --yes if nobody needs to be invited in its name any more',
        },
      )
    await dropPapers(store)
    return { name: papers.name, founder: papers.seed !== undefined }
  })
}

async function change<T>(
  stateDirectory: string,
  work: (store: Store, identity: Awaited<ReturnType<typeof keptIdentity>>) => Promise<T>,
): Promise<T> {
  const store = await openStore(stateDirectory)
  try {
    return await work(store, await keptIdentity(store))
  } finally {
    await store.close()
  }
}

async function mustBelongNowhere(store: Store): Promise<void> {
  const papers = await readPapers(store)
  if (papers === undefined) return
  const isFounder = papers.seed !== undefined
  throw new GridError(
    'MH_USAGE',
    `this node is a member of the private grid "${papers.name}" already${isFounder ? ', and holds its key' : ''}`,
    {
      blame: 'user',
      hint: 'leave it first with "manyhands grid leave", or use another state directory with --state',
    },
  )
}

function placeOf(grid: PrivateGrid, peer: PeerId): GridPlace {
  const { name, overlayName, roles, expiresUtcMs } = grid
  return { name, overlayName, peer, roles, expiresUtcMs }
}
