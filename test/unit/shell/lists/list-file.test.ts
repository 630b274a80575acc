import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isGridError } from '../../../../coordinator-free-node/protocol/errors.js'
import type { ListEntry } from '../../../../coordinator-free-node/protocol/lists.js'
import { canonicalValue } from '../../../../coordinator-free-node/protocol/lists.js'
import { createIdentity, loadIdentity } from '../../../../coordinator-free-node/shell/identity.js'
import {
  formatListFile,
  parseListFile,
} from '../../../../coordinator-free-node/shell/lists/list-file.js'

const { signer } = loadIdentity(createIdentity())
const peer = loadIdentity(createIdentity()).signer.self
const task = 'ab'.repeat(32)

const file = (...lines: string[]) =>
  ['manyhands deny list 1', 'name: test', '', ...lines].join('\n')
const faultOf = (text: string) => {
  try {
    parseListFile(text, 'test.list')
  } catch (error) {
    if (isGridError(error)) return error.message
    throw error
  }
  return 'none'
}

describe('a list file', () => {
  test('is read with its notes, ends, comments and blank lines', () => {
    const { list } = parseListFile(
      file(
        `peer ${peer}`,
        '# a comment',
        '',
        'subnet 203.0.113.9/24 until 2026-12-31 # floods adverts',
        `task ${task} # mines`,
        `owner ${peer} until 2026-12-31T18:00:00Z`,
      ),
      'test.list',
    )
    expect(list).toEqual({
      name: 'test',
      updatedMs: undefined,
      entries: [
        { subject: 'peer', verdict: 'deny', value: peer },
        {
          subject: 'subnet',
          verdict: 'deny',
          value: '203.0.113.0/24',
          note: 'floods adverts',
          untilMs: Date.UTC(2026, 11, 31),
        },
        { subject: 'task', verdict: 'deny', value: task, note: 'mines' },
        { subject: 'owner', verdict: 'deny', value: peer, untilMs: Date.UTC(2026, 11, 31, 18) },
      ],
    })
  })

  test.each([
    ['another kind of file', '# Blocklist\n1.2.3.4', /line 1: expected "manyhands deny list 1"/],
    ['no name', 'manyhands deny list 1\n\nsubnet 1.2.3.4', /there is no "name: NAME"/],
    ['an unknown kind', file('sbnet 1.2.3.4'), /test\.list: line 4: "sbnet" is none of peer, sub/],
    [
      'a cut peer id',
      file(`peer ${peer.slice(0, 20)}`),
      /line 4: "12D3Koo.*is not a whole peer id/,
    ],
    [
      'a wrong block',
      file('', 'subnet 1.2.3.4/40'),
      /line 5: "1\.2\.3\.4\/40" is not an address or/,
    ],
    ['an allowance', file(`allow peer ${peer}`), /line 4: a shared list can only deny/],
    [
      'a wrong date',
      file('subnet 1.2.3.4 until tomorrow'),
      /line 4: "tomorrow" is no date such as/,
    ],
    ['a month that is none', file('subnet 1.2.3.4 until 2026-13-01'), /line 4: "2026-13-01" is no/],
    ['words after the end', file('subnet 1.2.3.4 forever'), /line 4: after the value only "until/],
    ['a late header', file('subnet 1.2.3.4', 'name: other'), /line 5: "name:" stands before/],
    ['a signer alone', file(`signer: ${peer}`), /"signer" and "signature" belong together/],
    [
      'a note that moves the cursor',
      file('subnet 1.2.3.4 # a\u001b[2J'),
      /line 4: note: expected pl/,
    ],
  ])('is refused for %s, with the line', (_, text, message) => {
    expect(faultOf(text)).toMatch(message)
  })

  test('names several wrong lines at once, and says when there are more', () => {
    const fault = faultOf(file(...Array.from({ length: 9 }, () => 'nonsense')))
    expect(fault).toMatch(/line 4: .*line 8: .*; and 4 more$/)
  })

  test('shows nothing of a stranger that a terminal would obey', () => {
    expect(faultOf(file('\u001b[2Jpeer x'))).not.toContain('\u001b')
  })

  test('is bounded in bytes and in entries', () => {
    expect(faultOf(file('# '.padEnd(5_000_000)))).toMatch(/bytes, at most/)
    const many = Array.from({ length: 20_001 }, (_, n) => `subnet 10.${n >> 8}.${n & 255}.0/24`)
    expect(faultOf(file(...many))).toMatch(/20001 entries, at most 20000/)
  })

  test('a signature covers what it says, not how an editor ends its lines', () => {
    const entries: ListEntry[] = [{ subject: 'subnet', verdict: 'deny', value: '203.0.113.0/24' }]
    const text = formatListFile(
      { name: 'campus', updatedMs: 5_000, entries },
      { signer: signer.self, sign: signer.sign },
    )
    const isGood = (changed: string) => {
      const { signed } = parseListFile(changed, 'x')
      return signed !== undefined && signer.verify(signed.signer, signed.body, signed.signature)
    }
    expect(isGood(text)).toBe(true)
    expect(isGood(text.replaceAll('\n', '\r\n'))).toBe(true)
    expect(isGood(`\uFEFF${text}\n\n`)).toBe(true)
    expect(isGood(text.replace('/24', '/16'))).toBe(false)
    expect(isGood(text.replace('campus', 'campas'))).toBe(false)
    expect(isGood(`${text}# one more line\n`)).toBe(false)
    expect(isGood(text.replace(signer.self, peer))).toBe(false)
  })
})

describe('any list', () => {
  const value = fc.oneof(
    fc.tuple(fc.constantFrom('peer' as const, 'owner' as const), fc.constant(peer)),
    fc.tuple(fc.constant('task' as const), fc.stringMatching(/^[0-9a-f]{64}$/)),
    fc.tuple(
      fc.constant('subnet' as const),
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
      ),
    ),
  )
  const entry = fc
    .tuple(
      value,
      fc.option(fc.stringMatching(/^[A-Za-z0-9#:.,-][ -~]{0,40}[A-Za-z0-9#:.,-]$/), {
        nil: undefined,
      }),
      fc.option(fc.integer({ min: 0, max: 4e9 }), { nil: undefined }),
    )
    .map(
      ([[subject, text], note, untilS]): ListEntry => ({
        subject,
        verdict: 'deny',
        value: canonicalValue(subject, text) ?? '',
        ...(note === undefined ? {} : { note }),
        ...(untilS === undefined ? {} : { untilMs: untilS * 1000 }),
      }),
    )

  test('that is written is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const list = { name: 'any', updatedMs: 7_000, entries }
        expect(parseListFile(formatListFile(list, undefined), 'any').list).toEqual(list)
      }),
    )
  })

  test('of noise is refused as the fault of its user, whatever it is', () => {
    const noise = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ maxLength: 99 }).map(file))
    fc.assert(
      fc.property(noise, (text) => {
        try {
          parseListFile(text, 'noise')
        } catch (error) {
          expect(isGridError(error) && error.blame).toBe('user')
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
