/**
 * Counts the words of a text.
 *
 * A word is a longest run of ASCII letters, digits, apostrophes and bytes from 0x80 up (UTF-8 beyond ASCII); ASCII
 * letters are lower-cased. Input: text. Output: for each different word, in the order of its bytes, 4 bytes of count,
 * 4 bytes of length, the word.
 */
import { DONE, inputRead, inputSize, outputWrite, reserve } from '../../shared/assembly/grid'

/** For each byte what it becomes inside a word; 0: it ends one. */
const LETTERS = memory.data(256, 16)

/** An entry: place, length, count, hash (u32 each), first eight bytes as a number that sorts like them (u64). */
const ENTRY: usize = 24

let entries: usize = 0
let entryCount: u32 = 0
/** Open-addressed table of entry number + 1; 0: free. */
let table: usize = 0
let slots: u32 = 0
let free: usize = 0

function allocate(bytes: usize): usize {
  const at = (free + 7) & ~7
  free = at + bytes
  reserve(free)
  return at
}

function prepareLetters(): void {
  for (let i: usize = 0; i < 26; i++) {
    store<u8>(LETTERS + 97 + i, <u8>(97 + i))
    store<u8>(LETTERS + 65 + i, <u8>(97 + i))
  }
  for (let i: usize = 48; i < 58; i++) store<u8>(LETTERS + i, <u8>i)
  for (let i: usize = 128; i < 256; i++) store<u8>(LETTERS + i, <u8>i)
  store<u8>(LETTERS + 39, 39)
}

@inline
function entryAt(index: u32): usize {
  return entries + <usize>index * ENTRY
}

function place(index: u32): void {
  let slot = load<u32>(entryAt(index), 12) & (slots - 1)
  while (load<u32>(table + (slot << 2)) !== 0) slot = (slot + 1) & (slots - 1)
  store<u32>(table + (slot << 2), index + 1)
}

/** Doubles the table; the old one is left behind, which the fresh memory of each unit can afford. */
function grow(): void {
  slots <<= 1
  table = allocate(<usize>slots << 2)
  for (let index: u32 = 0; index < entryCount; index++) place(index)
}

function prefix(at: usize, length: u32): u64 {
  let key: u64 = 0
  const bytes = min<u32>(length, 8)
  for (let i: u32 = 0; i < bytes; i++) key |= <u64>load<u8>(at + i) << (56 - (i << 3))
  return key
}

function add(at: usize, length: u32, hash: u32): void {
  const entry = entryAt(entryCount)
  store<u32>(entry, at, 0)
  store<u32>(entry, length, 4)
  store<u32>(entry, 1, 8)
  store<u32>(entry, hash, 12)
  store<u64>(entry, prefix(at, length), 16)
  if (++entryCount << 1 > slots) grow()
}

function count(at: usize, length: u32, hash: u32): void {
  let slot = hash & (slots - 1)
  while (true) {
    const number = load<u32>(table + (slot << 2))
    if (number === 0) {
      store<u32>(table + (slot << 2), entryCount + 1)
      add(at, length, hash)
      return
    }
    const entry = entryAt(number - 1)
    const isSame =
      load<u32>(entry, 12) === hash &&
      load<u32>(entry, 4) === length &&
      memory.compare(load<u32>(entry), at, length) === 0
    if (isSame) {
      store<u32>(entry, load<u32>(entry, 8) + 1, 8)
      return
    }
    slot = (slot + 1) & (slots - 1)
  }
}

/** Lower-cases and counts the word at `at`. @returns where it ends */
function word(at: usize, end: usize): usize {
  let hash: u32 = 2166136261
  let i = at
  for (; i < end; i++) {
    const letter = load<u8>(LETTERS + load<u8>(i))
    if (letter === 0) break
    store<u8>(i, letter)
    hash = (hash ^ letter) * 16777619
  }
  count(at, <u32>(i - at), hash ^ (hash >>> 15))
  return i
}

function isBefore(left: u32, right: u32): bool {
  const l = entryAt(left)
  const r = entryAt(right)
  const x = load<u64>(l, 16)
  const y = load<u64>(r, 16)
  if (x !== y) return x < y
  const lLength = load<u32>(l, 4)
  const rLength = load<u32>(r, 4)
  const order = memory.compare(load<u32>(l), load<u32>(r), min<u32>(lLength, rLength))
  return order !== 0 ? order < 0 : lLength < rLength
}

/** Merges the sorted runs [from, middle) and [middle, to) of `source` into `target`. */
function merge(source: usize, target: usize, from: u32, middle: u32, to: u32): void {
  let left = from
  let right = middle
  for (let i = from; i < to; i++) {
    const x = load<u32>(source + (left << 2))
    const y = load<u32>(source + (right << 2))
    const takesLeft = left < middle && (right >= to || isBefore(x, y))
    store<u32>(target + (i << 2), takesLeft ? x : y)
    if (takesLeft) left++
    else right++
  }
}

/** @returns the entries' numbers in the order of their words. Shape: entryCount x u32. */
function sort(): usize {
  // One more than needed: a merge looks at the number after a run before it knows that it is not wanted.
  let source = allocate(<usize>(entryCount + 1) << 2)
  let target = allocate(<usize>(entryCount + 1) << 2)
  for (let i: u32 = 0; i < entryCount; i++) store<u32>(source + (i << 2), i)
  for (let run: u32 = 1; run < entryCount; run <<= 1) {
    for (let from: u32 = 0; from < entryCount; from += run << 1) {
      const middle = min<u32>(from + run, entryCount)
      merge(source, target, from, middle, min<u32>(middle + run, entryCount))
    }
    const swapped = source
    source = target
    target = swapped
  }
  return source
}

function write(order: usize): void {
  let bytes: usize = 0
  for (let i: u32 = 0; i < entryCount; i++) bytes += 8 + load<u32>(entryAt(i), 4)
  const output = allocate(bytes)
  let at = output
  for (let i: u32 = 0; i < entryCount; i++) {
    const entry = entryAt(load<u32>(order + (i << 2)))
    const length = load<u32>(entry, 4)
    store<u32>(at, load<u32>(entry, 8), 0)
    store<u32>(at, length, 4)
    memory.copy(at + 8, load<u32>(entry), length)
    at += 8 + length
  }
  outputWrite(output, bytes)
}

export function run(): i32 {
  const size = <usize>inputSize()
  free = __heap_base
  const text = allocate(size)
  inputRead(text)
  prepareLetters()
  // No word is shorter than a letter and what ends it, so this is room for all.
  entries = allocate(((size >>> 1) + 1) * ENTRY)
  slots = 4096
  table = allocate(<usize>slots << 2)
  const end = text + size
  for (let at = text; at < end; ) {
    if (load<u8>(LETTERS + load<u8>(at)) === 0) at++
    else at = word(at, end)
  }
  write(sort())
  return DONE
}
