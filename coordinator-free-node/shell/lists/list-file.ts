/**
 * Deny lists as people hand them to each other: plain text, an entry a line, signed or not. docs/lists.md has the format.
 *
 *     manyhands deny list 1
 *     name: campus
 *     updated: 2026-11-23T10:00:00Z
 *     signer: 12D3KooW...
 *     signature: (base64)
 *
 *     subnet 203.0.113.0/24 until 2026-12-31 # floods its neighbours with adverts
 *
 * What is signed is the text without the line of the signature, without spaces at the ends of lines and without blank
 * lines at its end: mail and editors change those.
 */
import { GridError } from '../../protocol/errors.js'
import { type PeerId, peerIdSchema } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import {
  canonicalValue,
  expectedValue,
  type ListEntry,
  type ListSubject,
  listEntrySchema,
  listNameSchema,
  listSubjects,
} from '../../protocol/lists.js'

const firstLine = 'manyhands deny list 1'
const headers = ['name', 'updated', 'signer', 'signature'] as const
type Header = (typeof headers)[number]
/** Wrong lines that are told at once; after so many it is another kind of file. */
const faultsShownMax = 5

export interface ListFile {
  name: string
  /** Wall clock, milliseconds. */
  updatedMs: number | undefined
  entries: ListEntry[]
}

export interface SignedPart {
  signer: PeerId
  body: Uint8Array
  signature: Uint8Array
}

/**
 * @param label  what the file is called in messages
 * @returns the list, and what to verify where it is signed
 * @throws {GridError} MH_USAGE with the numbers of the lines that are wrong, MH_TOO_LARGE
 */
export function parseListFile(
  text: string,
  label: string,
): { list: ListFile; signed: SignedPart | undefined } {
  checkSize(text, label)
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const faults: string[] = []
  const found: Partial<Record<Header, { value: string; line: number }>> = {}
  const entries: ListEntry[] = []
  const [opening = ''] = lines
  if (opening.trimEnd() !== firstLine) throw wrongFile(label, [`line 1: expected "${firstLine}"`])
  lines.forEach((line, at) => {
    const fault = at === 0 ? undefined : readLine(line.trim(), at + 1, found, entries)
    if (fault !== undefined) faults.push(`line ${at + 1}: ${fault}`)
  })
  const { name, updated, signer, signature } = found
  if (name === undefined) faults.push('there is no "name: NAME" before the first entry')
  if ((signer === undefined) !== (signature === undefined))
    faults.push('"signer" and "signature" belong together')
  if (faults.length > 0 || name === undefined) throw wrongFile(label, faults)
  if (entries.length > limits.listEntriesMax)
    throw tooLarge(label, `${entries.length} entries`, `${limits.listEntriesMax}`)
  const updatedMs = updated === undefined ? undefined : parseMoment(updated.value)
  const list = { name: name.value, updatedMs, entries }
  if (signer === undefined || signature === undefined) return { list, signed: undefined }
  const signed = {
    signer: signer.value as PeerId,
    body: signedBytes(lines.filter((_, at) => at + 1 !== signature.line)),
    signature: new Uint8Array(Buffer.from(signature.value, 'base64')),
  }
  return { list, signed }
}

function checkSize(text: string, label: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.listBytesMax) throw tooLarge(label, `${bytes} bytes`, `${limits.listBytesMax}`)
}

/** @returns what is wrong with the line */
function readLine(
  line: string,
  number: number,
  found: Partial<Record<Header, { value: string; line: number }>>,
  entries: ListEntry[],
): string | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const [, header, value = ''] = /^([a-z]+):\s*(.*)$/.exec(line) ?? []
  if (header === undefined) {
    const entry = parseEntry(line)
    if (typeof entry === 'string') return entry
    entries.push(entry)
    return undefined
  }
  if (!isHeader(header)) return `there is no "${header}:"; valid are ${headers.join(', ')}`
  if (entries.length > 0) return `"${header}:" stands before the first entry`
  if (found[header] !== undefined) return `a second "${header}:"`
  found[header] = { value, line: number }
  return faultOf(header, value)
}

function isHeader(text: string): text is Header {
  return (headers as readonly string[]).includes(text)
}

function faultOf(header: Header, value: string): string | undefined {
  switch (header) {
    case 'name':
      return listNameSchema.safeParse(value).success
        ? undefined
        : 'a name has up to 64 letters, digits, dots and dashes'
    case 'updated':
      return parseMoment(value) === undefined ? momentFault(value) : undefined
    case 'signer':
      return peerIdSchema.safeParse(value).success ? undefined : 'the signer is no peer id'
    case 'signature':
      return Buffer.from(value, 'base64').length === 64
        ? undefined
        : 'a signature is 64 bytes in base64'
  }
}

/** `SUBJECT VALUE [until MOMENT] [# NOTE]` */
function parseEntry(line: string): ListEntry | string {
  const [, words = '', note] = /^([^#]*?)\s*(?:#\s*(.*))?$/.exec(line) ?? []
  const [subject = '', value = '', until, moment, ...rest] = words.split(/\s+/)
  if (subject === 'allow') return 'a shared list can only deny'
  if (!isSubject(subject)) return `"${shown(subject)}" is none of ${listSubjects.join(', ')}`
  const canonical = canonicalValue(subject, value)
  if (canonical === undefined) return `"${shown(value)}" is not ${expectedValue[subject]}`
  if ((until !== undefined && until !== 'until') || rest.length > 0)
    return 'after the value only "until DATE" and "# NOTE" may follow'
  const untilMs = moment === undefined ? undefined : parseMoment(moment)
  if (until !== undefined && untilMs === undefined) return momentFault(moment ?? '')
  const entry: ListEntry = { subject, verdict: 'deny', value: canonical }
  if (note !== undefined && note !== '') entry.note = note
  if (untilMs !== undefined) entry.untilMs = untilMs
  const issue = listEntrySchema.safeParse(entry).error?.issues[0]
  return issue === undefined ? entry : `${issue.path.join('.')}: ${issue.message}`
}

function isSubject(text: string): text is ListSubject {
  return (listSubjects as readonly string[]).includes(text)
}

/** `2026-12-31` (its first moment, UTC) or `2026-12-31T18:00:00Z`. */
function parseMoment(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

function momentFault(text: string): string {
  return `"${shown(text)}" is no date such as 2026-12-31 or 2026-12-31T18:00:00Z`
}

/** Somebody else's text in a message: short, and nothing that a terminal obeys. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)
}

function signedBytes(lines: readonly string[]): Uint8Array {
  const text = lines.map((line) => line.trimEnd()).join('\n')
  return new TextEncoder().encode(text.trimEnd())
}

/**
 * @param sign  of the bytes that it is given; undefined leaves the list unsigned
 * @returns a file that `parseListFile` reads back
 */
export function formatListFile(
  list: ListFile,
  signing: { signer: PeerId; sign(body: Uint8Array): Uint8Array } | undefined,
): string {
  const { name, updatedMs, entries } = list
  const head = [firstLine, `name: ${name}`]
  if (updatedMs !== undefined) head.push(`updated: ${momentOf(updatedMs)}`)
  if (signing !== undefined) head.push(`signer: ${signing.signer}`)
  const body = ['', ...entries.map(formatEntry)]
  if (signing === undefined) return `${[...head, ...body].join('\n')}\n`
  const signature = signing.sign(signedBytes([...head, ...body]))
  const line = `signature: ${Buffer.from(signature).toString('base64')}`
  return `${[...head, line, ...body].join('\n')}\n`
}

function formatEntry({ subject, value, untilMs, note }: ListEntry): string {
  const until = untilMs === undefined ? '' : ` until ${momentOf(untilMs)}`
  return `${subject} ${value}${until}${note === undefined ? '' : ` # ${note}`}`
}

/** Whole seconds: a denial that ends in the middle of one ends after it. */
function momentOf(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

function wrongFile(label: string, faults: readonly string[]): GridError {
  const more = faults.length - faultsShownMax
  const first = faults.slice(0, faultsShownMax).join('; ')
  const rest = more > 0 ? `; and ${more} more` : ''
  return new GridError('MH_USAGE', `${label}: ${first}${rest}`, {
    blame: 'user',
    hint: 'nothing of it was taken; docs/lists.md has the format',
  })
}

function tooLarge(label: string, size: string, most: string): GridError {
  return new GridError('MH_TOO_LARGE', `${label} has ${size}, at most ${most} are taken`, {
    blame: 'user',
    hint: 'name subnets instead of single addresses, or cut the list in two',
  })
}
