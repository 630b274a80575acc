import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { encode } from '../../../coordinator-free-node/protocol/codec.js'
import type { ReceiptView } from '../../../coordinator-free-node/protocol/gateway-api.js'
import type { PeerId } from '../../../coordinator-free-node/protocol/ids.js'
import { createIdentity, loadIdentity } from '../../../coordinator-free-node/shell/identity.js'
import { createMail } from '../../../coordinator-free-node/shell/mail.js'
import { lineOfReceipt } from '../../../coordinator-free-node/shell/receipt-file.js'
import type { Grid } from '../../../sdk/types.js'
import { receiptOf } from '../core/made-receipt.js'
import { PEER, runCommand } from './fakes.js'

const { signer } = loadIdentity(createIdentity())
const steward: PeerId = signer.self

function received(change: Partial<ReceiptView> = {}): ReceiptView {
  const { receipt } = receiptOf({ steward, host: PEER, ...change })
  const issuedUtcMs = Date.UTC(2030, 4, 9)
  const statement = { ...receipt, version: 1, issuedUtcMs }
  const sealed = createMail(signer).seal('receipt', encode(statement))
  return { ...receipt, issuedUtcMs, line: lineOfReceipt(sealed) }
}

const gridWith = (...held: ReceiptView[]) =>
  ({ receipts: async () => held, close: async () => {} }) as unknown as Grid

let folder = ''
let file = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-receipts-'))
  file = join(folder, 'mine.receipts')
})
afterEach(() => rm(folder, { recursive: true }))

describe('receipts', () => {
  test('are listed with who signed, for what and how much', async () => {
    const grid = gridWith(received({ accepted: 1_200, creditMs: 90_000, fuel: 2.5e9 }))
    const { terminal, exitCode } = await runCommand(['receipts'], { grid })
    expect(exitCode).toBe(0)
    expect(terminal.out.join('\n')).toMatch(
      /2030-05-09 +\S{8} +a1a1a1a1a1 +test +1,200 units +1 min 30 s +2\.5e9\n\n1,200 units accepted by 1 steward/,
    )
  })

  test('that are none yet say where they come from', async () => {
    const { terminal } = await runCommand(['receipts'], { grid: gridWith() })
    expect(terminal.out.join()).toContain('no receipts yet')
  })

  test('are JSON for scripts', async () => {
    const view = received()
    const { terminal } = await runCommand(['receipts', '--json'], { grid: gridWith(view) })
    expect(JSON.parse(terminal.out.join())).toEqual({ receipts: [view] })
  })

  test('are exported, and then checked without any node', async () => {
    const grid = gridWith(received(), received({ period: 6, accepted: 4 }))
    const exported = await runCommand(['receipts', '--export', file], { grid })
    expect(exported.terminal.out.join()).toContain(`receipts --verify ${file}`)
    const { terminal, exitCode, connections } = await runCommand(['receipts', '--verify', file])
    expect(connections).toEqual([])
    expect(exitCode).toBe(0)
    const text = terminal.out.join('\n')
    expect(text).toContain('2 receipts: all signed by their stewards, none twice')
    expect(text).toMatch(new RegExp(`${steward} +${PEER} +2 +1 +7 units`))
  })

  test('of which one was changed and one is there twice fail with 1, and say which', async () => {
    const good = received()
    const raised = good.line.replace('"body":"', '"body":"AAAA')
    await writeFile(file, [good.line, raised, good.line].join('\n'))
    const { terminal, exitCode } = await runCommand(['receipts', '--verify', file])
    expect(exitCode).toBe(1)
    const text = terminal.out.join('\n')
    expect(text).toContain('1 receipt right, 2 lines refused')
    expect(text).toMatch(/line 2: it was changed.*\n +line 3: line 1 is about the same work/)
    const json = await runCommand(['receipts', '--verify', file, '--json'])
    expect(json.exitCode).toBe(1)
    expect(JSON.parse(json.terminal.out.join())).toMatchObject({
      ok: false,
      totals: [{ steward, host: PEER, receipts: 1, accepted: 3 }],
      receipts: [{ line: 1, accepted: 3 }],
      refused: [{ line: 2 }, { line: 3 }],
    })
  })

  test('in a file that is not there, or cannot be written, name the option', async () => {
    const missing = await runCommand(['receipts', '--verify', join(folder, 'none')])
    expect(missing.exitCode).toBe(2)
    expect(missing.terminal.remarks.join()).toContain('--verify:')
    const nowhere = ['receipts', '--export', join(folder, 'no', 'where')]
    expect((await runCommand(nowhere, { grid: gridWith() })).exitCode).toBe(2)
    const both = await runCommand(['receipts', '--export', file, '--verify', file])
    expect(both.terminal.remarks.join()).toContain('exclude each other')
  })

  test('are written as they were signed', async () => {
    const view = received()
    await runCommand(['receipts', '--export', file], { grid: gridWith(view) })
    expect(await readFile(file, 'utf8')).toBe(`${view.line}\n`)
  })
})
