/**
 * Receipts as text that can be kept, sent and checked anywhere: one a line, as
 *
 *     {"manyhands":"receipt/1","signer":PEER,"body":BASE64,"signature":BASE64}
 *
 * `body` is MessagePack (protocol/receipt.ts); the signature is Ed25519 over `manyhands/1/receipt`, a zero byte and the
 * body; the signer's key is in its peer id. Files may be put one behind the other.
 */
import { z } from 'zod'
import { decode } from '../protocol/codec.js'
import { isGridError } from '../protocol/errors.js'
import { peerIdSchema } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { type ReceiptStatement, receiptKeyOf, receiptStatementSchema } from '../protocol/receipt.js'
import { type Sealed, sealedBytes } from '../protocol/seal.js'
import { verifySignature } from './identity.js'

const format = 'receipt/1'

const lineSchema = z.strictObject({
  manyhands: z.literal(format),
  signer: peerIdSchema,
  body: z.string(),
  signature: z.string(),
})

/** A line with its base64 and names, generously. */
const lineCharsMax = 2 * limits.receiptBytesMax + 512

/** @returns the receipt's line, without its end */
export function lineOfReceipt({ signer, body, signature }: Sealed): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return JSON.stringify({
    manyhands: format,
    signer,
    body: base64(body),
    signature: base64(signature),
  })
}

/** A line that does not count, and why. */
export interface RefusedLine {
  /** From 1. */
  line: number
  reason: string
}

export interface CheckedReceipts {
  /** Those that count, in the file's order. */
  receipts: (ReceiptStatement & { line: number })[]
  refused: RefusedLine[]
}

/**
 * Checks every line of a file of receipts by itself and against the others: of several about the same work the latest
 * counts, and only once.
 */
export function checkReceipts(text: string): CheckedReceipts {
  const refused: RefusedLine[] = []
  const counted = new Map<string, ReceiptStatement & { line: number }>()
  text.split('\n').forEach((content, at) => {
    const line = at + 1
    if (content === '' && line > 1) return
    const read = readLine(content)
    if (typeof read === 'string') {
      refused.push({ line, reason: read })
      return
    }
    const key = receiptKeyOf(read)
    const other = counted.get(key)
    if (other === undefined) {
      counted.set(key, { ...read, line })
      return
    }
    const isLater = read.serial > other.serial
    if (isLater) counted.set(key, { ...read, line })
    refused.push(isLater ? repeats(other, line) : repeats({ ...read, line }, other.line))
  })
  refused.sort((a, b) => a.line - b.line)
  return { receipts: [...counted.values()].sort((a, b) => a.line - b.line), refused }
}

function repeats({ line }: { line: number }, counts: number): RefusedLine {
  return {
    line,
    reason: `line ${counts} is about the same work and no older: its units count there already`,
  }
}

/** @returns the statement, or why the line is none */
function readLine(content: string): ReceiptStatement | string {
  if (content.length > lineCharsMax) return 'it is too long for a receipt'
  let parsed: z.infer<typeof lineSchema>
  try {
    parsed = lineSchema.parse(JSON.parse(content))
  } catch {
    return 'it is not in the form of a receipt'
  }
  const sealed: Sealed = {
    signer: parsed.signer,
    body: new Uint8Array(Buffer.from(parsed.body, 'base64')),
    signature: new Uint8Array(Buffer.from(parsed.signature, 'base64')),
  }
  // One receipt, one spelling: what was changed in a way that means the same was changed all the same.
  if (lineOfReceipt(sealed) !== content) return 'it is not spelled as it was exported'
  if (sealed.body.length > limits.receiptBytesMax) return 'it is too long for a receipt'
  if (!verifySignature(sealed.signer, sealedBytes('receipt', sealed.body), sealed.signature))
    return `it was changed, or is not signed by ${sealed.signer}`
  try {
    const statement = decode(sealed.body, receiptStatementSchema, 'what is signed')
    if (statement.steward !== sealed.signer) return 'it is signed by somebody else than its steward'
    return statement
  } catch (error) {
    if (isGridError(error)) return 'it is signed, but not as a receipt of a version known here'
    throw error
  }
}
