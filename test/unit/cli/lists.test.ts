import { describe, expect, test } from '@jest/globals'
import {
  renderEnlisted,
  renderImport,
  renderLists,
} from '../../../coordinator-free-node/cli/list-views.js'
import type { EnlistedView, ListsView } from '../../../coordinator-free-node/protocol/list-views.js'
import type { Grid } from '../../../sdk/types.js'
import { PEER, runCommand } from './fakes.js'

const now = new Date(2026, 10, 23, 12, 0)
const none: ListsView = {
  entries: [],
  only: [],
  lists: [],
  kept: { sockets: 0, peers: 0, dials: 0 },
}

/** A node that remembers what it was asked, and knows no lists. */
function node() {
  const asked: unknown[] = []
  const grid = {
    enlist: async (request: unknown): Promise<EnlistedView> => {
      asked.push(request)
      return {
        ...{ subject: 'subnet', verdict: 'deny', value: '203.0.113.0/24', endsInMs: undefined },
        ...{ deniedBy: 'command', allowed: undefined, neighbours: 2 },
      }
    },
    delist: async () => 1,
    lists: async () => none,
    close: async () => {},
  }
  return { asked, grid: grid as unknown as Grid }
}

describe('deny and allow', () => {
  test('hand over what, for how long and why', async () => {
    const { asked, grid } = node()
    const args = ['deny', 'subnets', '203.0.113.9/24', '--for', '1d12h', '--note', 'floods']
    const { terminal, exitCode } = await runCommand(args, { grid })
    expect(exitCode).toBe(0)
    expect(asked).toEqual([
      {
        ...{ verdict: 'deny', subject: 'subnet', value: '203.0.113.9/24' },
        ...{ forMs: 36 * 3_600_000, note: 'floods' },
      },
    ])
    expect(terminal.out).toEqual(['denied: subnet 203.0.113.0/24\n2 neighbours now'])
  })

  test.each([
    [['deny', 'pear', PEER], /'pear' is none of peer, subnet/, /did you mean peer\?/],
    [['deny', 'subnet', '1.2.3.4', '--for', 'ever'], /--for: 'ever' is no duration/, /--for 7d/],
    [['lists', 'import', '-', '--signer', 'x'], /--signer: 'x' is no peer id/, /12D3KooW/],
    [['lists', 'import', '/no/such.list'], /cannot read the file/, /check the path/],
  ])('say what is wrong with %j', async (args, message, hint) => {
    const { terminal, exitCode } = await runCommand(args, { grid: node().grid })
    expect(exitCode).toBe(2)
    expect(terminal.remarks[0]).toMatch(message)
    expect(terminal.remarks[1]).toMatch(hint)
  })
})

describe('lists in words', () => {
  test('say so when there are none', () => {
    expect(renderLists(none, now)).toBe('no lists: this node deals with everybody')
    const closed = renderLists({ ...none, only: ['owner'] }, now)
    expect(closed).toBe('Only what is allowed passes: owner.')
  })

  test('say whence each entry comes, until when, and who was kept out', () => {
    const entry = { subject: 'peer', verdict: 'deny', value: PEER, note: undefined } as const
    const text = renderLists(
      {
        entries: [
          { ...entry, endsInMs: 3_600_000, origin: 'command', list: undefined, note: 'slow' },
          { ...entry, endsInMs: -1, origin: 'file', list: undefined },
          { ...entry, endsInMs: undefined, origin: 'list', list: 'campus' },
        ],
        only: [],
        lists: [
          {
            ...{ name: 'campus', signer: PEER, entries: 1_200, current: 1_100 },
            ...{ updatedMs: Date.UTC(2026, 10, 1), importedMs: now.getTime() },
          },
        ],
        kept: { sockets: 1_234, peers: 1, dials: 2 },
      },
      now,
    )
    expect(text).toMatch(/deny +peer +12D3\S+ +13:00 +command +slow/)
    expect(text).toMatch(/ended +settings file/)
    expect(text).toMatch(/for good +list campus/)
    expect(text).toMatch(/campus +1,100 of 1,200 +hostAAAA +2026-11-01 +12:00/)
    expect(text).toContain('1,234 connections by address, 1 by peer; 2 dials not made')
  })

  test('say what an allowance means, and when it means nothing', () => {
    const view: EnlistedView = {
      ...{ subject: 'owner', verdict: 'allow', value: PEER, endsInMs: undefined },
      ...{ deniedBy: 'list campus', allowed: 1, neighbours: 3 },
    }
    expect(renderEnlisted(view, now).split('\n')).toEqual([
      `allowed: owner ${PEER}`,
      'it is kept out all the same: a denial beats it (list campus)',
      'this node takes work of 1 owner and no others',
    ])
  })

  test('say who signed an imported list, and what is left of the neighbours', () => {
    const list = {
      ...{ name: 'campus', signer: undefined, updatedMs: undefined },
      ...{ importedMs: 0, entries: 3, current: 2 },
    }
    expect(renderImport({ list, replaced: 1, neighbours: 0 })).toBe(
      'list campus: 3 entries, in the place of 1 earlier one; nobody signed it\n' +
        '1 of them have ended already\n0 neighbours now',
    )
  })
})
