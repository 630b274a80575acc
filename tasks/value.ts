/**
 * Values of JavaScript kernels as bytes: JSON, with tags for what JSON lacks. The same value gives the same bytes on
 * every engine, which is what lets hosts compare results.
 *
 * | value | written as |
 * | --- | --- |
 * | null, booleans, finite numbers, strings, arrays, plain objects | JSON |
 * | undefined | `{"$":"u"}` |
 * | NaN, Infinity, -Infinity, -0 | `{"$":"n","v":"NaN"}` and so on |
 * | bigint | `{"$":"b","v":"123"}` |
 * | Uint8Array | `{"$":"x","v":base64}` |
 * | an object with a key `$` | `{"$":"o","v":[[key, value], ...]}` |
 *
 * The kernel's side of it is `valueCodecSource`, which a test holds to the same bytes.
 */

/** A value that cannot cross the grid. */
export class ValueError extends Error {
  override readonly name = 'ValueError'

  constructor(
    /** Where in the value: `a[3].when`; empty for the value itself. */
    readonly path: string,
    /** What is wrong with it, to follow its name: "is a function, which cannot be sent". */
    readonly reason: string,
  ) {
    super(`${path === '' ? 'the value' : path} ${reason}`)
  }
}

/** Nesting beyond it is a mistake more often than data, and engines run out of stack. */
const depthMax = 200

/**
 * @param value  null, undefined, booleans, numbers, bigints, strings, Uint8Array, and arrays and plain objects of them
 * @returns UTF-8
 * @throws {ValueError} for anything else, for what contains itself, and below 200 levels
 */
export function encodeValue(value: unknown): Uint8Array {
  return new TextEncoder().encode(textOf(value, '', []))
}

/** @throws {SyntaxError} when the bytes are not what `encodeValue` gives */
export function decodeValue(bytes: Uint8Array): unknown {
  return revive(JSON.parse(jsonOf(bytes)), 0)
}

function jsonOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SyntaxError('the bytes of the value are not UTF-8')
  }
}

/** @param around  the objects that contain the value, outermost first */
function textOf(value: unknown, path: string, around: readonly object[]): string {
  switch (typeof value) {
    case 'undefined':
      return '{"$":"u"}'
    case 'boolean':
      return String(value)
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
      return `{"$":"b","v":"${value}"}`
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return String(value)
      return `{"$":"n","v":"${Object.is(value, -0) ? '-0' : value}"}`
    case 'object':
      return value === null ? 'null' : objectText(value, path, around)
    default:
      throw new ValueError(path, `is a ${typeof value}, which cannot be sent`)
  }
}

function objectText(value: object, path: string, around: readonly object[]): string {
  if (around.length >= depthMax)
    throw new ValueError(path, `is nested deeper than ${depthMax} levels`)
  if (around.includes(value))
    throw new ValueError(path, `contains itself, so it is nested deeper than ${depthMax} levels`)
  if (isBytes(value)) return `{"$":"x","v":"${toBase64(value)}"}`
  const within = [...around, value]
  if (Array.isArray(value)) {
    const items: string[] = []
    for (let i = 0; i < value.length; i++) items.push(textOf(value[i], `${path}[${i}]`, within))
    return `[${items.join(',')}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype && !isPlainElsewhere(prototype))
    throw new ValueError(path, `is ${classOf(value)}, which cannot be sent`)
  const entries = Object.keys(value).map((key): [string, string] => {
    const inner = path === '' ? key : `${path}.${key}`
    return [JSON.stringify(key), textOf((value as Record<string, unknown>)[key], inner, within)]
  })
  if (Object.hasOwn(value, '$'))
    return `{"$":"o","v":[${entries.map(([key, text]) => `[${key},${text}]`).join(',')}]}`
  return `{${entries.map(([key, text]) => `${key}:${text}`).join(',')}}`
}

/** By the engine's own mark, which another realm's arrays bear and objects made to look like one do not. */
const markOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get

function isBytes(value: object): value is Uint8Array {
  return markOf?.call(value) === 'Uint8Array'
}

/** The plain objects of another realm (a test runner's, a frame's) are plain objects, too. */
function isPlainElsewhere(prototype: object | unknown): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}

function classOf(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name
  if (typeof name !== 'string' || name === '') return 'a class instance'
  return `${'AEIO'.includes(name.charAt(0)) ? 'an' : 'a'} ${name}`
}

function revive(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) throw new SyntaxError(`the value is nested deeper than ${depthMax} levels`)
  if (Array.isArray(value)) return value.map((item) => revive(item, depth + 1))
  const tagged = value as Record<string, unknown>
  if (Object.hasOwn(tagged, '$')) return reviveTagged(tagged, depth)
  for (const key of Object.keys(tagged)) define(tagged, key, revive(tagged[key], depth + 1))
  return tagged
}

function reviveTagged({ $: tag, v: body }: Record<string, unknown>, depth: number): unknown {
  if (tag === 'u') return undefined
  if (tag === 'o' && Array.isArray(body)) {
    const object: Record<string, unknown> = {}
    for (const entry of body as unknown[]) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string')
        throw new SyntaxError('an entry of a value has no key')
      define(object, entry[0], revive(entry[1], depth + 1))
    }
    return object
  }
  if (typeof body === 'string') {
    if (tag === 'n') return Number(body)
    if (tag === 'b') return BigInt(body)
    if (tag === 'x') return fromBase64(body)
  }
  throw new SyntaxError(`a value has the unknown tag ${JSON.stringify(tag)}`)
}

/** Assignment would call the setter of `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** What a digit stands for, by its character code; 255 is none. */
const digitValues = new Uint8Array(128).fill(255)
for (let i = 0; i < digits.length; i++) digitValues[digits.charCodeAt(i)] = i

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = [bytes[i], bytes[i + 1], bytes[i + 2]]
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    text += digits.charAt(word >> 18) + digits.charAt((word >> 12) & 63)
    text += b === undefined ? '=' : digits.charAt((word >> 6) & 63)
    text += c === undefined ? '=' : digits.charAt(word & 63)
  }
  return text
}

function fromBase64(text: string): Uint8Array {
  let length = text.length
  while (length > 0 && text.charAt(length - 1) === '=') length--
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let word = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const digit = digitValues[text.charCodeAt(i)] ?? 255
    if (digit === 255) throw new SyntaxError('the bytes in a value are not base64')
    word = ((word << 6) | digit) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (word >> bits) & 0xff
  }
  return bytes
}

/**
 * The codec as the source of a function `() => ({ encode(value) -> text, decode(text) -> value })`, for engines that
 * have no modules. It takes hold of every built-in that it uses when it is called, and its own arrays have no
 * prototype, so that a kernel that changes them later changes nothing here.
 */
export const valueCodecSource = `(() => {
  const { stringify, parse } = JSON
  const { keys, getPrototypeOf, setPrototypeOf, getOwnPropertyDescriptor, defineProperty, is, prototype: plain } = Object
  const unbound = (method) => Function.prototype.call.bind(method)
  const hasOwn = unbound(plain.hasOwnProperty)
  const { isArray } = Array
  const { isFinite } = Number
  const join = unbound(Array.prototype.join)
  const charAt = unbound(String.prototype.charAt)
  const charCodeAt = unbound(String.prototype.charCodeAt)
  const indexOf = unbound(String.prototype.indexOf)
  const Bytes = Uint8Array
  const anyBytes = getPrototypeOf(Bytes.prototype)
  const byteCount = unbound(getOwnPropertyDescriptor(anyBytes, 'length').get)
  const markOf = unbound(getOwnPropertyDescriptor(anyBytes, Symbol.toStringTag).get)
  const text = String
  const number = Number
  const big = BigInt
  const Malformed = SyntaxError
  const bare = () => setPrototypeOf([], null)
  const digits = '${digits}'
  const fail = (path, reason) => {
    throw { unsendable: true, path, reason }
  }
  let pairs
  const pairsOfDigits = () => {
    const all = bare()
    for (let i = 0; i < 4096; i++) all[i] = charAt(digits, i >> 6) + charAt(digits, i & 63)
    return all
  }
  const base64 = (bytes) => {
    const count = byteCount(bytes)
    const whole = count - (count % 3)
    let out = ''
    if (whole > 0) pairs ??= pairsOfDigits()
    for (let i = 0; i < whole; i += 3) {
      const word = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2]
      out += pairs[word >> 12] + pairs[word & 4095]
    }
    if (whole === count) return out
    const two = count - whole === 2
    const word = (bytes[whole] << 16) | ((two ? bytes[whole + 1] : 0) << 8)
    out += charAt(digits, word >> 18) + charAt(digits, (word >> 12) & 63)
    return out + (two ? charAt(digits, (word >> 6) & 63) : '=') + '='
  }
  let values
  const valuesOfDigits = () => {
    const all = bare()
    for (let i = 0; i < 64; i++) all[charCodeAt(digits, i)] = i
    return all
  }
  const bytesOf = (given) => {
    let length = given.length
    while (length > 0 && charAt(given, length - 1) === '=') length--
    const bytes = new Bytes((length * 3 - ((length * 3) % 4)) / 4)
    values ??= valuesOfDigits()
    let word = 0
    let bits = 0
    let at = 0
    for (let i = 0; i < length; i++) {
      const digit = values[charCodeAt(given, i)]
      if (digit === undefined) throw new Malformed('the bytes in a value are not base64')
      word = ((word << 6) | digit) & 0xffffff
      bits += 6
      if (bits < 8) continue
      bits -= 8
      bytes[at++] = (word >> bits) & 0xff
    }
    return bytes
  }
  const encode = (value, path, depth) => {
    switch (typeof value) {
      case 'undefined': return '{"$":"u"}'
      case 'boolean': return text(value)
      case 'string': return stringify(value)
      case 'bigint': return '{"$":"b","v":"' + text(value) + '"}'
      case 'number':
        if (isFinite(value) && !is(value, -0)) return text(value)
        return '{"$":"n","v":"' + (is(value, -0) ? '-0' : text(value)) + '"}'
      case 'object': return value === null ? 'null' : object(value, path, depth)
      default: return fail(path, 'is a ' + typeof value + ', which cannot be sent')
    }
  }
  const around = bare()
  const object = (value, path, depth) => {
    if (depth >= ${depthMax}) fail(path, 'is nested deeper than ${depthMax} levels')
    for (let i = 0; i < depth; i++) if (around[i] === value) fail(path, 'contains itself, so it is nested deeper than ${depthMax} levels')
    if (markOf(value) === 'Uint8Array') return '{"$":"x","v":"' + base64(value) + '"}'
    around[depth] = value
    const parts = bare()
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) parts[i] = encode(value[i], path + '[' + i + ']', depth + 1)
      return '[' + join(parts, ',') + ']'
    }
    const prototype = getPrototypeOf(value)
    if (prototype !== null && prototype !== plain) fail(path, 'is ' + classOf(value) + ', which cannot be sent')
    const escaped = hasOwn(value, '$')
    const names = keys(value)
    for (let i = 0; i < names.length; i++) {
      const key = stringify(names[i])
      const inner = encode(value[names[i]], path === '' ? names[i] : path + '.' + names[i], depth + 1)
      parts[i] = escaped ? '[' + key + ',' + inner + ']' : key + ':' + inner
    }
    const all = join(parts, ',')
    return escaped ? '{"$":"o","v":[' + all + ']}' : '{' + all + '}'
  }
  const classOf = (value) => {
    const made = value.constructor
    const name = made === undefined || made === null ? '' : made.name
    if (typeof name !== 'string' || name === '') return 'a class instance'
    return (indexOf('AEIO', charAt(name, 0)) >= 0 ? 'an ' : 'a ') + name
  }
  const define = (target, key, value) =>
    defineProperty(target, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true })
  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) value[i] = revive(value[i])
      return value
    }
    const names = keys(value)
    if (!hasOwn(value, '$')) {
      for (let i = 0; i < names.length; i++) define(value, names[i], revive(value[names[i]]))
      return value
    }
    switch (value.$) {
      case 'u': return undefined
      case 'n': return number(value.v)
      case 'b': return big(value.v)
      case 'x': return bytesOf(value.v)
      case 'o': {
        const target = {}
        for (let i = 0; i < value.v.length; i++) define(target, value.v[i][0], revive(value.v[i][1]))
        return target
      }
      default: throw new Malformed('a value has the unknown tag ' + stringify(value.$))
    }
  }
  return { encode: (value) => encode(value, '', 0), decode: (given) => revive(parse(given)) }
})`
