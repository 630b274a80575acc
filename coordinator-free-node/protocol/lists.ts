/**
 * Lists of whom and what a node lets in: what an entry says, and how its value is written. Lists are local; they travel
 * only as files that people hand to each other (docs/lists.md), and those can deny, never allow.
 */
import { z } from 'zod'
import { limits } from './limits.js'
import { formatSubnet, parseSubnet } from './subnet.js'

/**
 * - `peer`: a node, by its peer id: no connection, no leases, no adverts of its jobs
 * - `subnet`: all nodes at these internet addresses
 * - `owner`: a requester, by its peer id: its jobs are not hosted
 * - `task`: a program, by its hash: it is not run for others
 */
export const listSubjects = ['peer', 'subnet', 'owner', 'task'] as const
export type ListSubject = (typeof listSubjects)[number]

/** Denial beats allowance. Once anything of a kind is allowed, nothing else of that kind is. */
export const listVerdicts = ['deny', 'allow'] as const
export type ListVerdict = (typeof listVerdicts)[number]

/** Texts that a terminal shows: no control characters, which could make it show something else. */
export const plainText = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'expected plain text')

export const listEntrySchema = z.strictObject({
  subject: z.enum(listSubjects),
  verdict: z.enum(listVerdicts),
  /** As `canonicalValue` writes it. */
  value: z.string().max(limits.listValueCharsMax),
  note: plainText(limits.listNoteCharsMax).optional(),
  /** Wall clock, milliseconds since 1970; undefined: for good. */
  untilMs: z.number().optional(),
})
export type ListEntry = z.infer<typeof listEntrySchema>

/** Name of a list that was handed over. */
export const listNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected up to 64 letters, digits, dots and dashes')

/** Peer ids of Ed25519 keys, all of them: 38 bytes in base58. */
export const wholePeerId = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
const wholeHash = /^[0-9a-f]{64}$/

/** The one way to write a value, so that two spellings are one entry; undefined for what is no value of that kind. */
export function canonicalValue(subject: ListSubject, text: string): string | undefined {
  if (subject === 'subnet') {
    const subnet = parseSubnet(text)
    return subnet && formatSubnet(subnet)
  }
  if (subject === 'task') return wholeHash.test(text.toLowerCase()) ? text.toLowerCase() : undefined
  return wholePeerId.test(text) ? text : undefined
}

/** What is valid, for whoever wrote something else. */
export const expectedValue: Readonly<Record<ListSubject, string>> = {
  peer: 'a whole peer id: 12D3KooW and 44 more letters and digits',
  owner: 'a whole peer id: 12D3KooW and 44 more letters and digits',
  subnet: 'an address or a block of them, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32',
  task: "a task's whole hash, 64 hexadecimal digits",
}
