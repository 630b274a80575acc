import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ListSource } from '../../../../coordinator-free-node/core/membership/gate.js'
import type { Store } from '../../../../coordinator-free-node/ports/store.js'
import { encode } from '../../../../coordinator-free-node/protocol/codec.js'
import { limits } from '../../../../coordinator-free-node/protocol/limits.js'
import type { ListEntry } from '../../../../coordinator-free-node/protocol/lists.js'
import { createIdentity, loadIdentity } from '../../../../coordinator-free-node/shell/identity.js'
import { ListBook } from '../../../../coordinator-free-node/shell/lists/list-book.js'
import { createMail } from '../../../../coordinator-free-node/shell/mail.js'
import { createMemoryStore } from '../../../contract/memory-store.js'

const { signer } = loadIdentity(createIdentity())
const other = loadIdentity(createIdentity()).signer
let store: Store
let nowMs = 1_000_000

const book = (given: Record<string, ListSource> = {}, by = signer) =>
  new ListBook({ store, mail: createMail(by), given, nowMs: () => nowMs })

const block = (n: number, change: Partial<ListEntry> = {}): ListEntry => ({
  subject: 'subnet',
  verdict: 'deny',
  value: `10.${n >> 8}.${n & 255}.0/24`,
  ...change,
})

beforeEach(() => {
  store = createMemoryStore()
  nowMs = 1_000_000
})

describe('what commands say', () => {
  test('is there in the next life', async () => {
    const first = book()
    await first.add(block(1, { note: 'why' }))
    const next = book()
    await next.load()
    expect(next.sources()).toEqual({ command: { entries: [block(1, { note: 'why' })] } })
  })

  test('of one value counts once, the last word of it', async () => {
    const lists = book()
    await lists.add(block(1))
    await lists.add(block(1, { untilMs: nowMs + 5 }))
    expect(lists.view(undefined).entries).toMatchObject([{ value: '10.0.1.0/24', endsInMs: 5 }])
  })

  test('all at once is kept all', async () => {
    const lists = book()
    await Promise.all([1, 2, 3, 4].map((n) => lists.add(block(n))))
    const next = book()
    await next.load()
    expect(next.view(undefined).entries).toHaveLength(4)
  })

  test('is bounded; denials that have ended make room, allowances do not', async () => {
    const full = Array.from({ length: limits.listEntriesMax }, (_, n) => block(n))
    const ends = { untilMs: nowMs + 1 }
    const entries = [block(0, { ...ends, verdict: 'allow' }), block(1, ends), ...full.slice(2)]
    await store.write([{ type: 'put', key: 'list/command', value: encode(entries) }])
    const lists = book()
    await lists.load()
    await expect(lists.add(block(60_000))).rejects.toMatchObject({ code: 'MH_TOO_MANY' })
    // What is there can still be changed.
    await lists.add(block(5, { note: 'still' }))
    nowMs += 2
    await lists.add(block(60_000))
    const { entries: kept } = lists.view(undefined)
    expect(kept).toHaveLength(limits.listEntriesMax)
    expect(kept).toContainEqual(expect.objectContaining({ verdict: 'allow', endsInMs: -1 }))
  })

  test('is taken back; what options say is not', async () => {
    const lists = book({ option: { entries: [block(7)] }, file: { entries: [block(8)] } })
    await lists.add(block(1))
    expect(await lists.remove('10.0.1.0/24')).toEqual({
      change: { source: 'command', list: undefined },
      removed: 1,
    })
    await expect(lists.remove('10.0.7.0/24')).rejects.toMatchObject({
      hint: expect.stringMatching(/an option of the node does: change it there/),
    })
    await expect(lists.remove('10.0.8.0/24')).rejects.toMatchObject({
      hint: expect.stringMatching(/the settings file does/),
    })
  })
})

describe('lists of others', () => {
  const text = (name: string, by = signer, n = 1) =>
    book({ option: { entries: [block(n)] } }, by).export(name, by.self).text

  test('are bounded in number', async () => {
    const lists = book()
    for (let n = 0; n < limits.importedListsMax; n++)
      await lists.import(text(`list-${n}`), 'file', undefined)
    await expect(lists.import(text('one-more'), 'file', undefined)).rejects.toMatchObject({
      code: 'MH_TOO_MANY',
    })
    // Another version of one that is here is no other list.
    await lists.import(text('list-3', signer, 9), 'file', undefined)
  })

  test('stay their signer’s: neither another one nor nobody takes their names', async () => {
    const lists = book()
    await lists.import(text('campus'), 'file', undefined)
    const forged = { code: 'MH_BAD_SIGNATURE' }
    await expect(lists.import(text('campus', other), 'file', undefined)).rejects.toMatchObject(
      forged,
    )
    const unsigned = 'manyhands deny list 1\nname: campus\nsubnet 10.0.0.0/8\n'
    await expect(lists.import(unsigned, 'file', undefined)).rejects.toMatchObject(forged)
    await lists.remove('campus')
    await lists.import(unsigned, 'file', undefined)
    // Whoever signs an unsigned one makes it theirs.
    await lists.import(text('campus', other), 'file', undefined)
  })

  test('are refused when another signer was asked for', async () => {
    await expect(book().import(text('campus'), 'file', other.self)).rejects.toMatchObject({
      code: 'MH_BAD_SIGNATURE',
      message: `file: ${signer.self} signed it, not ${other.self}`,
    })
  })

  test('do not go back in time', async () => {
    const lists = book()
    const older = text('campus')
    nowMs += 60_000
    await lists.import(text('campus'), 'file', undefined)
    await expect(lists.import(older, 'file', undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/older than the version/),
    })
  })

  test('that fail to be taken leave what was there', async () => {
    const lists = book()
    await lists.import(text('campus'), 'file', undefined)
    await expect(
      lists.import(text('campus').replace('10.0.1', '10.0.2'), 'file', undefined),
    ).rejects.toMatchObject({ code: 'MH_BAD_SIGNATURE' })
    expect(lists.sources()['list campus']).toEqual({ entries: [block(1)] })
  })

  test('an export has this node’s own denials, once each, without what has ended', async () => {
    const lists = book({ option: { entries: [block(1), block(2, { verdict: 'allow' })] } })
    await lists.import(text('campus', signer, 5), 'file', undefined)
    await lists.add(block(1, { note: 'again' }))
    await lists.add(block(3, { untilMs: nowMs + 1 }))
    nowMs += 2
    const { text: exported, entries } = lists.export('mine', undefined)
    expect(entries).toBe(1)
    expect(exported).toMatch(/\nsubnet 10\.0\.1\.0\/24 # again\n$/)
  })
})
