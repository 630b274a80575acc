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
 * @throws {ValueError} for anything else, for cycles, and below 200 levels
 */
export function encodeValue(value: unknown): Uint8Array {
  return new TextEncoder().encode(textOf(value, '', 0))
}

/** @throws {SyntaxError} when the bytes are not what `encodeValue` gives */
export function decodeValue(bytes: Uint8Array): unknown {
  return revive(JSON.parse(new TextDecoder().decode(bytes)))
}

function textOf(value: unknown, path: string, depth: number): string {
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
      return value === null ? 'null' : objectText(value, path, depth)
    default:
      throw new ValueError(path, `is a ${typeof value}, which cannot be sent`)
  }
}

function objectText(value: object, path: string, depth: number): string {
  if (depth >= depthMax) throw new ValueError(path, `is nested deeper than ${depthMax} levels`)
  if (value instanceof Uint8Array) return `{"$":"x","v":"${toBase64(value)}"}`
  if (Array.isArray(value)) {
    const items: string[] = []
    for (let i = 0; i < value.length; i++) items.push(textOf(value[i], `${path}[${i}]`, depth + 1))
    return `[${items.join(',')}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype && !isPlainElsewhere(prototype))
    throw new ValueError(path, `is a ${classOf(value)}, which cannot be sent`)
  const entries = Object.keys(value).map((key): [string, string] => {
    const inner = path === '' ? key : `${path}.${key}`
    return [JSON.stringify(key), textOf((value as Record<string, unknown>)[key], inner, depth + 1)]
  })
  if (Object.hasOwn(value, '$'))
    return `{"$":"o","v":[${entries.map(([key, text]) => `[${key},${text}]`).join(',')}]}`
  return `{${entries.map(([key, text]) => `${key}:${text}`).join(',')}}`
}

/** The plain objects of another realm (a test runner's, a frame's) are plain objects, too. */
function isPlainElsewhere(prototype: object | unknown): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}

function classOf(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'class instance'
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object' || value === null) return value
  const tagged = value as Record<string, unknown>
  if (!Object.hasOwn(tagged, '$')) {
    for (const key of Object.keys(tagged)) define(tagged, key, revive(tagged[key]))
    return tagged
  }
  switch (tagged.$) {
    case 'u':
      return undefined
    case 'n':
      return tagged.v === 'NaN' ? Number.NaN : Number(tagged.v)
    case 'b':
      return BigInt(String(tagged.v))
    case 'x':
      return fromBase64(String(tagged.v))
    case 'o': {
      const object: Record<string, unknown> = {}
      for (const [key, inner] of tagged.v as [string, unknown][]) define(object, key, revive(inner))
      return object
    }
    default:
      throw new SyntaxError(`unknown tag ${JSON.stringify(tagged.$)}`)
  }
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
  const clean = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4))
  let word = 0
  let bits = 0
  let at = 0
  for (const digit of clean) {
    word = ((word << 6) | digits.indexOf(digit)) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (word >> bits) & 0xff
  }
  return bytes
}

/**
 * The codec as the source of a function `() => ({ encode(value) -> text, decode(text) -> value })`, for engines that
 * have no modules. It takes hold of every built-in that it uses when it is called, so that a kernel that changes
 * them later changes nothing here.
 */
export const valueCodecSource = `(() => {
  const { stringify, parse } = JSON
  const { keys, getPrototypeOf, defineProperty, is, prototype: plain } = Object
  const hasOwn = Function.prototype.call.bind(plain.hasOwnProperty)
  const { isArray } = Array
  const { isFinite } = Number
  const join = Function.prototype.call.bind(Array.prototype.join)
  const charAt = Function.prototype.call.bind(String.prototype.charAt)
  const indexOf = Function.prototype.call.bind(String.prototype.indexOf)
  const Bytes = Uint8Array
  const ByteCount = Function.prototype.call.bind(
    Object.getOwnPropertyDescriptor(getPrototypeOf(Bytes.prototype), 'length').get,
  )
  const text = String
  const number = Number
  const big = BigInt
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const fail = (path, reason) => {
    throw { unsendable: true, path, reason }
  }
  const base64 = (bytes) => {
    const count = ByteCount(bytes)
    let out = ''
    for (let i = 0; i < count; i += 3) {
      const word = (bytes[i] << 16) | ((i + 1 < count ? bytes[i + 1] : 0) << 8) | (i + 2 < count ? bytes[i + 2] : 0)
      out += charAt(digits, word >> 18) + charAt(digits, (word >> 12) & 63)
      out += i + 1 < count ? charAt(digits, (word >> 6) & 63) : '='
      out += i + 2 < count ? charAt(digits, word & 63) : '='
    }
    return out
  }
  const bytesOf = (given) => {
    let length = given.length
    while (length > 0 && charAt(given, length - 1) === '=') length--
    const bytes = new Bytes((length * 3) >> 2)
    let word = 0
    let bits = 0
    let at = 0
    for (let i = 0; i < length; i++) {
      word = ((word << 6) | indexOf(digits, charAt(given, i))) & 0xffffff
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
  const object = (value, path, depth) => {
    if (depth >= ${depthMax}) fail(path, 'is nested deeper than ${depthMax} levels')
    if (value instanceof Bytes) return '{"$":"x","v":"' + base64(value) + '"}'
    const parts = []
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) parts[i] = encode(value[i], path + '[' + i + ']', depth + 1)
      return '[' + join(parts, ',') + ']'
    }
    const prototype = getPrototypeOf(value)
    if (prototype !== null && prototype !== plain) {
      const made = value.constructor
      const name = made && typeof made.name === 'string' && made.name !== '' ? made.name : 'class instance'
      fail(path, 'is a ' + name + ', which cannot be sent')
    }
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
  const define = (target, key, value) =>
    defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
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
      case 'n': return value.v === 'NaN' ? NaN : number(value.v)
      case 'b': return big(value.v)
      case 'x': return bytesOf(value.v)
      default: {
        const target = {}
        for (let i = 0; i < value.v.length; i++) define(target, value.v[i][0], revive(value.v[i][1]))
        return target
      }
    }
  }
  return { encode: (value) => encode(value, '', 0), decode: (given) => revive(parse(given)) }
})`
