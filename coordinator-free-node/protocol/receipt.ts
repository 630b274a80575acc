/**
 * A receipt: a steward's signed statement of how much of a host's work on one job it has accepted. A host can show it
 * to anybody, and anybody can check it without the grid. What it proves and what not stands in docs/receipts.md.
 *
 * It counts all that was accepted in its period, so a later one of the same work takes the place of an earlier one:
 * nothing is lost with a message, a host keeps one a job, and no unit counts twice. The period is a life of the
 * steward's node, which remembers no sums across its restarts.
 */

import { z } from 'zod'
import { blobHashSchema, jobIdSchema, peerIdSchema } from './ids.js'
import { taskDescriptorSchema } from './task-bundle.js'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const serial = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const amount = z.number().min(0).max(1e21)

/** What the machines decide on; they ask no calendar. */
export const receiptSchema = z.strictObject({
  steward: peerIdSchema,
  host: peerIdSchema,
  job: jobIdSchema,
  taskName: taskDescriptorSchema.shape.name,
  taskHash: blobHashSchema,
  /** Which life of the steward; rises from one to the next. */
  period: serial,
  /** Rises with every receipt that this steward signs: of two for the same work the higher one counts. */
  serial,
  /** Units accepted. */
  accepted: count,
  /** What they would have cost the steward, milliseconds of a thread of its own. */
  creditMs: amount,
  /** Of the accepted units, by the steward's reckoning; 0 where the task is not metered. */
  fuel: amount,
})
export type Receipt = z.infer<typeof receiptSchema>

/** What is signed: the receipt and, for people, when it was. */
export const receiptStatementSchema = receiptSchema.extend({
  version: z.literal(1),
  /** The steward's wall clock, milliseconds since 1970. */
  issuedUtcMs: z.number().int().min(0).max(8.64e15),
})
export type ReceiptStatement = z.infer<typeof receiptStatementSchema>

/** Receipts with the same key are about the same work; one of them counts. */
export function receiptKeyOf({ steward, host, job, period }: ReceiptKey): string {
  return `${steward}/${host}/${job}/${period}`
}

export type ReceiptKey = Pick<Receipt, 'steward' | 'host' | 'job' | 'period'>
