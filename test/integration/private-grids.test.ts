/** Private grids as people use them: real nodes on loopback, founded, joined and left by the command. */
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { GridView, InvitationView } from '../../coordinator-free-node/protocol/gateway-api.js'
import { range } from '../../sdk/index.js'
import { crunch, crunched, type GridNode, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()
const stateOf = (name: string) => join(grid.folder(), name)

async function tell<View>(name: string, ...args: string[]): Promise<View> {
  const { code, out, err } = await grid.run('grid', ...args, '--json', '--state', stateOf(name))
  if (code !== 0) throw new Error(out + err)
  return JSON.parse(out)
}

async function found(): Promise<GridNode> {
  await tell('founder', 'create', 'lab')
  return await grid.node('founder', { cpus: 0 })
}

/** Joins by an invitation of a running node, and is met. */
async function bring(host: GridNode, by: string, name: string, ...args: string[]) {
  const { text } = await tell<InvitationView>(by, 'invite', ...args)
  await tell(name, 'join', text)
  const met = host.process.status(({ neighbours }) => neighbours > 0)
  const node = await grid.node(name)
  await met
  return { node, text }
}

/** Dials from a node that was a member. */
async function refused(from: GridNode, to: GridNode) {
  const sdk = await grid.connect(from)
  await expect(sdk.dial(to.address)).rejects.toThrow(/membership of the grid was revoked/)
}

/** Asks until a node has heard that somebody is out, whether it has ever met that member or not. */
async function untilHeard(name: string, revoked: GridNode) {
  for (;;) {
    const { members, revokedElse } = await tell<GridView>(name, 'members')
    const out = members.filter((member) => member.revoked).map(({ peer }) => peer)
    if ([...out, ...revokedElse].some((peer) => peer === revoked.peer)) return
  }
}

describe('a private grid', () => {
  test('computes with who was invited, and with nobody else; who is revoked stays out', async () => {
    const founder = await found()
    const { node: guest, text } = await bring(founder, 'founder', 'guest', '--role', 'host')
    const sdk = await grid.connect(founder)
    const work = { params: { rounds: 10 }, unitItems: 1, quorum: 1 }
    expect(await sdk.map(range(0, 10), crunch, work)).toEqual(crunched(10, 10))

    const its = await grid.connect(guest)
    await expect(its.map(range(0, 1), crunch, work)).rejects.toThrow(
      /may not submit jobs to the grid "lab"/,
    )
    await expect(tell('guest', 'invite')).rejects.toThrow(/may not invite others/)
    await expect(grid.node('outsider', { peers: [founder] })).rejects.toThrow(
      /it belongs to another grid/,
    )

    const { members } = await tell<GridView>('founder', 'members')
    expect(members).toMatchObject([
      { peer: founder.peer, self: true },
      { peer: guest.peer, roles: ['host'], connected: true, revoked: false },
    ])
    const alone = founder.process.status(({ neighbours }) => neighbours === 0)
    expect(await tell('founder', 'revoke', guest.peer.slice(-8))).toMatchObject({
      revoked: guest.peer,
      members: [guest.peer],
    })
    await alone
    await guest.kill()
    const revived = await grid.node('guest')
    await refused(revived, founder)
    await founder.kill()
    const again = await grid.node('founder', { cpus: 0 })
    await refused(revived, again)
    // Under another name, by the invitation that let it in.
    await tell('another', 'join', text)
    await expect(grid.node('another', { peers: [again] })).rejects.toThrow(/was revoked/)
  }, 90_000)

  test('loses with an inviter those whom it let in, also those who were away meanwhile', async () => {
    const founder = await found()
    const { node: inviter } = await bring(
      founder,
      'founder',
      'inviter',
      ...['--role', 'host', '--role', 'invite'],
    )
    const { node: friend } = await bring(inviter, 'inviter', 'friend', '--role', 'host')
    const { node: other } = await bring(founder, 'founder', 'other')
    await founder.process.status(({ neighbours }) => neighbours === 3)
    await other.kill()
    const alone = founder.process.status(({ neighbours }) => neighbours === 0)
    const gone = await tell<{ members: string[] }>('founder', 'revoke', inviter.peer)
    expect(gone.members.sort()).toEqual([inviter.peer, friend.peer].sort())
    await alone
    // It hears at its first connection, and has met them before.
    const back = await grid.node('other', { peers: [founder] })
    await untilHeard('other', inviter)
    for (const revoked of [inviter, friend]) await refused(revoked, back)
    expect((await grid.peers(back)).filter(({ connected }) => connected)).toMatchObject([
      { peer: founder.peer },
    ])
  }, 90_000)
})
