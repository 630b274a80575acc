/**
 * Searches nonces of a block header for the smallest double SHA-256, compared as Bitcoin does: as a little-endian
 * number. The whole range is scanned whatever is found, so that the output proves the work.
 *
 * Input: range of nonces. Parameters: 80 bytes of header, 32 bytes of target, little-endian.
 * Output: 32 bytes of smallest digest, 4 bytes of its nonce, little-endian. Hit: the digest is at most the target.
 */
import { DONE, HIT, inputRead, outputWrite, paramsRead, progress } from '../../shared/assembly/grid'
import { compress, finish, startState, storeDigest } from '../../shared/assembly/sha256'
import { prepare, scan, TOPS } from './lanes'

const RANGE = memory.data(16, 16)
const PARAMS = memory.data(112, 16)
const TARGET = PARAMS + 80
const MIDDLE = memory.data(32, 16)
const STATE = memory.data(32, 16)
const TAIL = memory.data(128, 16)
/** Digest and nonce of the smallest so far, as they are written out. */
const BEST = memory.data(36, 16)
const DIGEST = memory.data(32, 16)

/** Groups of four nonces a call of `scan`: short, since an engine swaps in faster code only between calls. */
const GROUPS: u32 = 1024
/** Calls of `scan` between two reports of progress. */
const REPORT: u32 = 64

function isBelow(left: usize, right: usize): bool {
  for (let i: usize = 32; i > 0; ) {
    i -= 8
    const x = load<u64>(left + i)
    const y = load<u64>(right + i)
    if (x !== y) return x < y
  }
  return false
}

/** Double SHA-256 of the header with `nonce`, into DIGEST. */
function hash(nonce: u32): void {
  memory.copy(STATE, MIDDLE, 32)
  store<u32>(PARAMS, nonce, 76)
  finish(STATE, TAIL, PARAMS + 64, 16, 80)
  storeDigest(STATE, DIGEST)
  startState(STATE)
  finish(STATE, TAIL, DIGEST, 32, 32)
  storeDigest(STATE, DIGEST)
}

function consider(nonce: u32): void {
  hash(nonce)
  if (!isBelow(DIGEST, BEST)) return
  memory.copy(BEST, DIGEST, 32)
  store<u32>(BEST, nonce, 32)
}

/** Scans up to `groups` groups of four from `first`, of which only the first `count` nonces are in the range. */
function search(first: u32, count: u32): void {
  let groups = (count + 3) >>> 2
  let done: u32 = 0
  while (done < groups) {
    done += scan(first + (done << 2), groups - done, load<u32>(BEST, 28))
    if (done === groups) return
    for (let lane: u32 = 0; lane < 4; lane++) {
      const offset = (done << 2) + lane
      const isSmall = load<u32>(TOPS + (lane << 2)) <= load<u32>(BEST, 28)
      if (isSmall && offset < count) consider(first + offset)
    }
    done++
  }
}

export function run(): i32 {
  inputRead(RANGE)
  paramsRead(PARAMS)
  const start = load<u64>(RANGE)
  const nonces = load<u64>(RANGE, 8) - start
  startState(MIDDLE)
  compress(MIDDLE, PARAMS)
  prepare(
    MIDDLE,
    bswap<u32>(load<u32>(PARAMS, 64)),
    bswap<u32>(load<u32>(PARAMS, 68)),
    bswap<u32>(load<u32>(PARAMS, 72)),
  )
  memory.fill(BEST, 0xff, 32)
  store<u32>(BEST, <u32>start, 32)

  const step: u64 = GROUPS << 2
  let calls: u32 = 0
  for (let done: u64 = 0; done < nonces; done += step) {
    search(<u32>(start + done), <u32>min<u64>(step, nonces - done))
    if ((++calls & (REPORT - 1)) === 0) progress(<f64>done / <f64>nonces)
  }
  outputWrite(BEST, 36)
  return isBelow(TARGET, BEST) ? DONE : HIT
}
