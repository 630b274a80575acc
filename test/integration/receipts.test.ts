/** Receipts between two nodes as people run them: signed, kept, exported, checked by anybody, and never counted twice. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { CoreMessageOf } from '../../coordinator-free-node/core/messages.js'
import { decode, encode } from '../../coordinator-free-node/protocol/codec.js'
import type { ReceiptView } from '../../coordinator-free-node/protocol/gateway-api.js'
import { receiptStatementSchema } from '../../coordinator-free-node/protocol/receipt.js'
import { loadIdentity } from '../../coordinator-free-node/shell/identity.js'
import { keyOf } from '../../coordinator-free-node/shell/journal.js'
import { createMail } from '../../coordinator-free-node/shell/mail.js'
import { createOverlay } from '../../coordinator-free-node/shell/overlay/overlay.js'
import { openStore } from '../../coordinator-free-node/shell/store/level-store.js'
import { type Grid, range } from '../../sdk/index.js'
import { crunch, type GridNode, useGridProcesses } from './grid-processes.js'

const grid = useGridProcesses()

/** A job that both nodes compute; @returns the receipt that the host holds of it */
async function earnReceipt(requester: GridNode, host: GridNode): Promise<ReceiptView> {
  await requester.process.status(({ neighbours }) => neighbours === 1)
  const sdk = await grid.connect(requester)
  const params = { rounds: 3_000 }
  const job = sdk.map(range(0, 100), crunch, { params, unitItems: 1, quorum: 2 })
  await job
  const { hosts } = await job.progress()
  const did = hosts.find(({ peer }) => peer === host.peer)
  const receipt = await receiptUntil(await grid.connect(host), () => true)
  expect(receipt).toMatchObject({
    steward: requester.peer,
    host: host.peer,
    job: await job.id,
    taskName: 'crunch',
    accepted: did?.accepted,
  })
  expect(did?.accepted).toBe(100)
  return receipt
}

async function receiptUntil(
  host: Grid,
  fits: (receipt: ReceiptView) => boolean,
): Promise<ReceiptView> {
  for (;;) {
    const found = (await host.receipts()).find(fits)
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A node's own key and place in the grid, in the hands of somebody who sends what he likes. */
async function impersonate(dead: GridNode, to: GridNode) {
  const store = await openStore(dead.state)
  const key = await store.get(keyOf.identity)
  await store.close()
  if (key === undefined) throw new Error('the node has no key')
  const { privateKey, signer } = loadIdentity(key)
  const overlay = createOverlay({ privateKey, grid: 'open', listen: [] })
  await overlay.start({ onEvent() {}, onMessages() {}, readBlob: async () => undefined })
  const peer = await overlay.connect([to.address])
  const mail = createMail(signer)
  return {
    sign: (receipt: CoreMessageOf<'receipt'>['receipt']) =>
      overlay.send(peer, [mail.pack({ type: 'receipt', receipt, sealed: undefined })]),
    /** Sends what was signed before once more. */
    replay(line: string) {
      const { signer, body, signature } = JSON.parse(line)
      const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
      const sealed = { signer, body: bytes(body), signature: bytes(signature) }
      overlay.send(peer, [encode({ type: 'receipt', sealed })])
    },
    stop: () => overlay.stop(),
  }
}

function receiptIn(line: string) {
  const body = new Uint8Array(Buffer.from(JSON.parse(line).body, 'base64'))
  const { version, issuedUtcMs, ...receipt } = decode(body, receiptStatementSchema, 'a receipt')
  return receipt
}

describe('a receipt', () => {
  test('outlives its host, and is checked by somebody who has no node at all', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    const receipt = await earnReceipt(requester, host)
    await host.kill()
    await requester.kill()
    const again = await grid.node('host')
    const listed = await grid.run('receipts', '--json', '--state', again.state)
    expect(JSON.parse(listed.out)).toEqual({ receipts: [receipt] })

    const file = join(grid.folder(), 'mine.receipts')
    expect(await grid.run('receipts', '--export', file, '--state', again.state)).toMatchObject({
      code: 0,
    })
    await again.kill()
    const checked = await grid.run('receipts', '--verify', file, '--json')
    expect(checked.code).toBe(0)
    expect(JSON.parse(checked.out)).toMatchObject({
      ok: true,
      totals: [{ steward: requester.peer, host: host.peer, receipts: 1, accepted: 100 }],
      refused: [],
    })

    const text = await readFile(file, 'utf8')
    await writeFile(file, `${text}${text.replace(requester.peer, host.peer)}`)
    const forged = await grid.run('receipts', '--verify', file)
    expect(forged.code).toBe(1)
    expect(forged.out).toContain('1 receipt right, 1 line refused')
    expect(forged.out).toContain(`line 2: it was changed, or is not signed by ${host.peer}`)
  }, 60_000)

  test('that its steward sends once more changes nothing, an older one neither', async () => {
    const requester = await grid.node('requester')
    const host = await grid.node('host', { peers: [requester] })
    const first = await earnReceipt(requester, host)
    await requester.kill()
    const sdk = await grid.connect(host)
    const steward = await impersonate(requester, host)
    try {
      const said = receiptIn(first.line)
      const later = { ...said, serial: said.serial + 10, accepted: said.accepted + 5 }
      steward.sign(later)
      await receiptUntil(sdk, ({ accepted }) => accepted === later.accepted)
      steward.replay(first.line)
      steward.sign({ ...said, serial: said.serial + 5, accepted: 7 })
      const other = { ...said, period: said.period + 1, serial: said.serial + 20, accepted: 1 }
      steward.sign(other)
      await receiptUntil(sdk, ({ period }) => period === other.period)
      const held = await sdk.receipts()
      expect(held.map(({ accepted }) => accepted).sort()).toEqual([1, later.accepted])
    } finally {
      await steward.stop()
    }
  }, 60_000)
})
