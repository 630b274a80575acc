/** Damages values before they are encoded, and bytes afterwards. */
import { Packr } from 'msgpackr'
import { makeAnything } from './wire-maker.mjs'

/** Says everything that the format can say, which is more than the grid's own encoder does. */
const extended = new Packr({ moreTypes: true, structuredClone: true, useRecords: false })
const recording = new Packr({ useRecords: true, structures: undefined })

/** Keys that mean something to JavaScript. */
const strangeKeys = ['__proto__', 'constructor', 'toString', 'prototype', 'then', '', 'type', '0']

/** A value with one of its parts dropped, replaced, added or repeated. */
export function mutateValue(value, dice, depth = 0) {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || dice.oneIn(12))
    return makeAnything(dice)
  if (Array.isArray(value)) return mutateArray(value, dice, depth)
  const copy = { ...value }
  const keys = Object.keys(copy)
  switch (dice.below(5)) {
    case 0:
      delete copy[dice.pick(keys)]
      return copy
    case 1:
      Object.defineProperty(copy, dice.pick(strangeKeys), {
        value: makeAnything(dice),
        enumerable: true,
        configurable: true,
        writable: true,
      })
      return copy
    default: {
      if (keys.length === 0) return makeAnything(dice)
      const key = dice.pick(keys)
      copy[key] = depth < 5 ? mutateValue(copy[key], dice, depth + 1) : makeAnything(dice)
      return copy
    }
  }
}

function mutateArray(value, dice, depth) {
  const copy = [...value]
  const at = dice.below(Math.max(1, copy.length))
  switch (copy.length === 0 ? 0 : dice.below(5)) {
    case 0:
      copy.push(makeAnything(dice))
      break
    case 1:
      copy.splice(at, 1)
      break
    case 2:
      copy.push(...copy)
      break
    default:
      copy[at] = depth < 5 ? mutateValue(copy[at], dice, depth + 1) : makeAnything(dice)
  }
  return copy
}

/** @returns {Uint8Array} */
export function encodeStrangely(value, dice) {
  try {
    return new Uint8Array((dice.oneIn(4) ? recording : extended).pack(value))
  } catch {
    return Uint8Array.of(0xc1)
  }
}

/** Beginnings of things that are long, nested, reserved or private to an encoder. */
const heads = [
  [0xc1],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0x01, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xde, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xda, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x62],
  [0xc8, 0x00, 0x04, 0x62],
  [0xc7, 0x05, 0x72],
  [0xd4, 0x72, 0x40],
  [0xd5, 0x72, 0x40, 0x01],
  [0xd6, 0x69, 0, 0, 0, 1],
  [0xd6, 0x70, 0, 0, 0, 1],
  [0xd6, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xd4, 0x00, 0x00],
  [0xd4, 0x73, 0x01],
  [0xc7, 0x03, 0x78, 0x92, 0xa1],
  [0xc7, 0x01, 0x65],
  [0xd7, 0x74, 0x06, 0, 0, 0, 0, 0, 0, 0],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xa3, 0xff, 0xfe, 0xfd],
  [0xa9, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f],
]

/** @param {Uint8Array} bytes @returns {Uint8Array} */
export function mutateBytes(bytes, dice, other = bytes) {
  let result = Uint8Array.from(bytes)
  for (let i = 1 + dice.below(3); i > 0; i--) result = mutateOnce(result, dice, other)
  return result
}

function mutateOnce(bytes, dice, other) {
  if (bytes.length === 0) return Uint8Array.from(dice.pick(heads))
  const at = dice.below(bytes.length)
  const end = Math.min(bytes.length, at + 1 + dice.below(24))
  const from = dice.below(Math.max(1, other.length))
  switch (dice.below(9)) {
    case 0:
      bytes[at] ^= 1 << dice.below(8)
      return bytes
    case 1:
      bytes[at] = dice.below(256)
      return bytes
    case 2:
      return bytes.slice(0, at)
    case 3:
      return join(bytes.subarray(0, at), dice.pick(heads), bytes.subarray(at))
    case 4:
      return join(bytes.subarray(0, at), dice.pick(heads), bytes.subarray(end))
    case 5:
      return join(bytes.subarray(0, at), bytes.subarray(end))
    case 6:
      return join(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end))
    case 7:
      return join(bytes.subarray(0, at), other.subarray(from, from + 24), bytes.subarray(at))
    default:
      return join(bytes, dice.pick(heads))
  }
}

/** Small inputs that stand for a lot: nothing but structure. @returns {Uint8Array} */
export function makeBomb(dice) {
  const size = dice.pick([1_000, 20_000, dice.oneIn(3) ? 300_000 : 60_000])
  const length = (head, count) => [
    head,
    count >>> 24,
    (count >>> 16) & 255,
    (count >>> 8) & 255,
    count & 255,
  ]
  switch (dice.below(9)) {
    case 0:
      return new Uint8Array(size).fill(0x91)
    case 1: // maps in maps
      return repeat([0x81, 0xa1, 0x61], size)
    case 2: // an array of empty maps
      return join(length(0xdd, size), new Uint8Array(size).fill(0x80))
    case 3: // many keys
      return join(
        length(0xdf, size),
        ...Array.from({ length: Math.min(size, 60_000) }, (_, i) => [
          0xa3,
          33 + (i % 90),
          33 + (((i / 90) | 0) % 90),
          33 + ((i / 8100) | 0),
          0xc0,
        ]),
      )
    case 4: // one key again and again
      return join(length(0xdf, size), repeat([0xa4, 0x74, 0x79, 0x70, 0x65, 0xc0], 6 * size))
    case 5: // a message whose list is full of what is not allowed there
      return join(
        [0x83, 0xa4],
        text('type'),
        [0xa5],
        text('renew'),
        [0xa3],
        text('job'),
        [0xc0, 0xa6],
        text('leases'),
        length(0xdd, size),
        new Uint8Array(size).fill(0xff),
      )
    case 6: // fields that nobody knows
      return join(
        [0xde, 0x40, 0x00, 0xa4],
        text('type'),
        [0xa5],
        text('hello'),
        ...Array.from({ length: 0x3fff }, (_, i) => [
          0xa3,
          33 + (i % 90),
          33 + (((i / 90) | 0) % 90),
          33 + ((i / 8100) | 0),
          0xc0,
        ]),
      )
    case 7: // a value, and something behind it
      return join(length(0xc6, size), new Uint8Array(size), [0xc0])
    default: // promises
      return repeat(dice.pick(heads), size)
  }
}

function text(words) {
  return new TextEncoder().encode(words)
}

function repeat(piece, size) {
  return Uint8Array.from({ length: size }, (_, i) => piece[i % piece.length])
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
