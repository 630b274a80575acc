/**
 * SHA-256 of records: whole small files, or pieces of large ones that carry their chaining state along.
 *
 * Input: records, one after the other, each 4 bytes of flags (1: the message starts here, 2: it ends here), 4 bytes
 * of length, 8 bytes of message length before it, 32 bytes of chaining state, then its bytes, padded to 8. The
 * length of a record that does not end its message is a multiple of 64.
 * Output: 32 bytes for each record: the digest of a message that ended, else the next chaining state.
 *
 * Four records are hashed at a time; a lane that is done with its record takes the next one.
 */
import { DONE, inputRead, inputSize, outputWrite, reserve } from '../../shared/assembly/grid'
import { compress, loadState, pad, startState, storeDigest } from '../../shared/assembly/sha256'
import { compressFour, STATES } from './lanes'

const FIRST: u32 = 1
const LAST: u32 = 2
const HEAD: usize = 48
/** Blocks a call of `compressFour`: few, since an engine swaps in faster code only between calls. */
const BLOCKS: u32 = 256

const STATE = memory.data(32, 16)
/** Padded ends of the lanes' messages. Shape: 4 x 128 bytes. */
const TAILS = memory.data(512, 16)
/** What each lane works on: next block, blocks left, blocks of padding to follow, place of its result. Shape: 4 x 4. */
const LANES = memory.data(64, 16)
const AT: usize = 0
const LEFT: usize = 4
const ENDING: usize = 8
const RESULT: usize = 12

let next: usize = 0
let end: usize = 0
let result: usize = 0

@inline
function size(record: usize): usize {
  return HEAD + ((load<u32>(record, 4) + 7) & ~7)
}

function spread(lane: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    store<u32>(STATES + (i << 4) + (lane << 2), load<u32>(STATE + (i << 2)))
  }
}

function gather(lane: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    store<u32>(STATE + (i << 2), load<u32>(STATES + (i << 4) + (lane << 2)))
  }
}

/** Gives the lane the next record. */
function take(lane: usize): void {
  const entry = LANES + (lane << 4)
  const flags = load<u32>(next)
  const length = <usize>load<u32>(next, 4)
  const before = load<u64>(next, 8)
  if (flags & FIRST) startState(STATE)
  else loadState(STATE, next + 16)
  spread(lane)
  const bytes = next + HEAD
  const whole = length & ~63
  store<u32>(entry, bytes, AT)
  store<u32>(entry, whole >>> 6, LEFT)
  store<u32>(entry, result, RESULT)
  const ending: usize =
    flags & LAST ? pad(TAILS + (lane << 7), bytes + whole, length - whole, before + length) : 0
  store<u32>(entry, ending, ENDING)
  next += size(next)
  result += 32
}

/** Finds blocks for a lane that has none left. @returns whether there are any */
function refill(lane: usize): bool {
  const entry = LANES + (lane << 4)
  while (load<u32>(entry, LEFT) === 0) {
    const ending = load<u32>(entry, ENDING)
    if (ending > 0) {
      store<u32>(entry, TAILS + (lane << 7), AT)
      store<u32>(entry, ending, LEFT)
      store<u32>(entry, 0, ENDING)
      return true
    }
    const place = load<u32>(entry, RESULT)
    if (place !== 0) {
      gather(lane)
      storeDigest(STATE, place)
      store<u32>(entry, 0, RESULT)
    }
    if (next >= end) return false
    take(lane)
  }
  return true
}

/** The least number of blocks that a busy lane has left, bounded. */
function shortest(): u32 {
  let blocks = BLOCKS
  for (let lane: usize = 0; lane < 4; lane++) {
    const left = load<u32>(LANES + (lane << 4), LEFT)
    if (left > 0 && left < blocks) blocks = left
  }
  return blocks
}

function advance(lane: usize, blocks: u32): void {
  const entry = LANES + (lane << 4)
  const left = load<u32>(entry, LEFT)
  if (left === 0) return
  store<u32>(entry, left - blocks, LEFT)
  store<u32>(entry, load<u32>(entry, AT) + (blocks << 6), AT)
}

/** Where a lane reads: an idle one reads along with a busy one, and its state is of no use to anybody. */
@inline
function source(lane: usize, busy: usize): usize {
  const entry = LANES + (lane << 4)
  return load<u32>(load<u32>(entry, LEFT) > 0 ? entry : LANES + (busy << 4))
}

function foldFour(busy: usize): void {
  const blocks = shortest()
  compressFour(source(0, busy), source(1, busy), source(2, busy), source(3, busy), blocks)
  for (let lane: usize = 0; lane < 4; lane++) advance(lane, blocks)
}

/** One lane alone is quicker without its neighbours. */
function foldOne(lane: usize): void {
  const entry = LANES + (lane << 4)
  const from = load<u32>(entry, AT)
  const blocks = load<u32>(entry, LEFT)
  gather(lane)
  for (let i: u32 = 0; i < blocks; i++) compress(STATE, from + (i << 6))
  spread(lane)
  advance(lane, blocks)
}

function countRecords(at: usize): usize {
  let records: usize = 0
  for (; at < end; at += size(at)) records++
  return records
}

export function run(): i32 {
  next = __heap_base
  end = next + inputSize()
  reserve(end)
  inputRead(next)
  const output = (end + 15) & ~15
  const outputBytes = countRecords(next) << 5
  reserve(output + outputBytes)
  result = output
  while (true) {
    let busy: usize = 0
    let lanes = 0
    for (let lane: usize = 0; lane < 4; lane++) {
      if (!refill(lane)) continue
      busy = lane
      lanes++
    }
    if (lanes === 0) break
    if (lanes === 1) foldOne(busy)
    else foldFour(busy)
  }
  outputWrite(output, outputBytes)
  return DONE
}
