/** Turns what does not fit a schema, or does not encode, into an error that names the field and the value. */
import type { z } from 'zod'
import { type ErrorCode, GridError } from '../coordinator-free-node/protocol/errors.js'
import { limits } from '../coordinator-free-node/protocol/limits.js'
import { encodeValue } from '../tasks/value.js'

/** Faults listed in one message. */
const issuesMax = 5
const shownCharsMax = 60

/**
 * @param what  name of the whole in the message, for example `params`
 * @returns the value as the schema gives it
 * @throws {GridError} `code`, for example: params.start: expected a number, got "x"
 */
export async function checkAgainst<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
  code: ErrorCode,
): Promise<z.output<T>> {
  const parsed = await schema.safeParseAsync(value)
  if (parsed.success) return parsed.data
  throw schemaError(parsed.error.issues, value, what, code)
}

/** The same at once, for schemas without asynchronous parts. */
export function checkNow<T extends z.ZodType>(
  schema: T,
  value: unknown,
  what: string,
  code: ErrorCode,
): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw schemaError(parsed.error.issues, value, what, code)
}

function schemaError(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  what: string,
  code: ErrorCode,
): GridError {
  const sentences = issues.slice(0, issuesMax).map((issue) => sentenceOf(issue, value, what))
  const more = issues.length - sentences.length
  if (more > 0) sentences.push(`and ${more} more`)
  return new GridError(code, sentences.join('; '), { blame: 'user' })
}

function sentenceOf(issue: z.core.$ZodIssue, whole: unknown, what: string): string {
  const field = what + issue.path.map(pathStep).join('')
  const value = valueAt(whole, issue.path)
  if (issue.code === 'unrecognized_keys') {
    return `${field}: there is no ${issue.keys.map((key) => `"${key}"`).join(', ')}`
  }
  const expected =
    issue.code === 'invalid_type'
      ? `expected ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`
      : issue.message
  return value === undefined
    ? `${field} is missing: ${expected}`
    : `${field}: ${expected}, got ${show(value)}`
}

function pathStep(step: PropertyKey): string {
  return typeof step === 'number' ? `[${step}]` : `.${String(step)}`
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let at = whole
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Reflect.get(at, step)
  }
  return at
}

function show(value: unknown): string {
  const text = textOf(value)
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}...` : text
}

function textOf(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/**
 * @param name  what the value is called in an error, for example `items[17]`
 * @throws {GridError} MH_NOT_ENCODABLE with the path, for example items[17].when
 */
export function encodeNamed(value: unknown, name: string): Uint8Array {
  try {
    return encodeValue(value)
  } catch (error) {
    throw notEncodable(error, name)
  }
}

function notEncodable(error: unknown, name: string): GridError {
  const { path, reason } = faultOf(error)
  const field = path === '' || path.startsWith('[') ? name + path : `${name}.${path}`
  return new GridError('MH_NOT_ENCODABLE', `${field} ${reason}`, {
    blame: 'user',
    hint: 'what does: null, undefined, booleans, numbers, bigints, strings, Uint8Array, arrays and plain objects of them',
    cause: error,
  })
}

/** A ValueError by its shape; of anything else the message. */
function faultOf(error: unknown): { path: string; reason: string } {
  if (typeof error !== 'object' || error === null) return { path: '', reason: String(error) }
  const path = 'path' in error && typeof error.path === 'string' ? error.path : ''
  if ('reason' in error) return { path, reason: String(error.reason) }
  return { path, reason: 'message' in error ? String(error.message) : String(error) }
}

/** Job-wide parameters as they travel; no bytes for none. */
export function encodeParams(params: unknown): Uint8Array {
  return params === undefined ? new Uint8Array() : checkParamsSize(encodeNamed(params, 'params'))
}

/** @throws {GridError} MH_TOO_LARGE */
export function checkParamsSize(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= limits.paramsBytesMax) return bytes
  throw new GridError(
    'MH_TOO_LARGE',
    `params take ${bytes.length} bytes, at most ${limits.paramsBytesMax} are allowed`,
    { blame: 'user', hint: 'hand large values over as inputs' },
  )
}
