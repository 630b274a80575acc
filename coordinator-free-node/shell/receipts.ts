/** Receipts on disk, and how a client sees them. They were verified when they came: what a node keeps is its own. */
import type { Store } from '../ports/store.js'
import { decode } from '../protocol/codec.js'
import type { ReceiptView } from '../protocol/gateway-api.js'
import { type ReceiptStatement, receiptStatementSchema } from '../protocol/receipt.js'
import { type Sealed, sealedSchema } from '../protocol/seal.js'
import { lineOfReceipt } from './receipt-file.js'
import { under } from './store-keys.js'

/** Every receipt that is kept, by steward and job. */
export async function* readReceipts(
  store: Store,
): AsyncGenerator<{ statement: ReceiptStatement; sealed: Sealed }> {
  for await (const [key, value] of store.scan(under('receipt'))) {
    const sealed = decode(value, sealedSchema, `the stored ${key}`)
    const statement = decode(sealed.body, receiptStatementSchema, `the stored ${key}`)
    yield { statement, sealed }
  }
}

/** Receipts for a client, oldest first. */
export async function receiptViews(store: Store): Promise<ReceiptView[]> {
  const views: ReceiptView[] = []
  for await (const { statement, sealed } of readReceipts(store)) {
    const { version, ...said } = statement
    views.push({ ...said, line: lineOfReceipt(sealed) })
  }
  return views.sort((a, b) => a.issuedUtcMs - b.issuedUtcMs || a.serial - b.serial)
}
