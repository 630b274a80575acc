/** Modules that take long to read, check or compile. Those inside the bounds have to end well, and in time. */
import { assemble, family, noStack, outOfFuel } from './unit.mjs'

const { units, bytes } = family('compile')
export const compile = units

/** LEB128. */
function leb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]
}

function section(id, content) {
  return [[id, ...leb(content.length)], content]
}

function join(parts) {
  return new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))))
}

const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const name = (text) => [text.length, ...Buffer.from(text)]

/** A module of `count` functions of this body, which begins with its locals; the first is `run`. */
function moduleOf(count, body, runBody = [0, 0x41, 0, 0x0b]) {
  const repeated = Buffer.concat([Buffer.from(leb(body.length)), Buffer.from(body)])
  const code = Buffer.concat([
    Buffer.from(leb(count + 1)),
    Buffer.from(leb(runBody.length)),
    Buffer.from(runBody),
    ...Array.from({ length: count }, () => repeated),
  ])
  const functions = Buffer.concat([Buffer.from(leb(count + 1)), Buffer.alloc(count + 1)])
  return join([
    head,
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, functions),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('run'), 0, 0]),
    ...section(10, code),
  ])
}

/** One function whose code is built of large pieces. */
function single(...pieces) {
  const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
  return moduleOf(0, [], body)
}

const repeat = (piece, times) =>
  Buffer.concat(Array.from({ length: times }, () => Buffer.from(piece)))

bytes('10 MB of functions', 'done', () =>
  moduleOf(90_000, [0, ...repeat([0x41, 0, 0x1a], 35), 0x41, 0, 0x0b]),
)
bytes(
  'too many functions',
  'refused: not a valid WebAssembly module: 100002 functions, at most 100000 are allowed',
  () => moduleOf(100_001, [0, 0x41, 0, 0x0b]),
)
bytes('one function of 6 MB', 'done', () =>
  single([0], repeat([0x41, 1, 0x1a], 2_000_000), [0x41, 0, 0x0b]),
)
bytes(
  'one function of 8 MB',
  'refused: not a valid WebAssembly module: a function of 8400004 bytes, at most 7654321 are allowed',
  () => single([0], repeat([0x41, 1, 0x1a], 2_800_000), [0x41, 0, 0x0b]),
)
bytes('blocks inside blocks, deep', 'done', () =>
  single([0], repeat([0x02, 0x40], 9_000), repeat([0x0b], 9_000), [0x41, 0, 0x0b]),
)
bytes('blocks inside blocks, too deep', 'refused: more than 10000 blocks inside each other', () =>
  single([0], repeat([0x02, 0x40], 50_000), repeat([0x0b], 50_000), [0x41, 0, 0x0b]),
)
bytes('loops inside loops', 'refused: more than 100 loops inside each other', () =>
  single([0], repeat([0x03, 0x40], 5_000), repeat([0x0b], 5_000), [0x41, 0, 0x0b]),
)
bytes(
  'tables of 60,000 branches, a hundred times',
  'refused: too many branches in a function to compile in time',
  () =>
    single(
      [1, 20, 0x7e],
      repeat([0x02, 0x40, 0x41, 0, 0x0e, ...leb(60_000), ...Array(60_001).fill(0), 0x0b], 100),
      [0x41, 0, 0x0b],
    ),
)
bytes(
  'many blocks among many locals',
  'refused: too many branches between too many locals to compile in time',
  () => single([1, ...leb(7_900), 0x7e], repeat([0x02, 0x40, 0x0b], 30_000), [0x41, 0, 0x0b]),
)
bytes('some blocks among many locals', 'done', () =>
  single(
    [1, ...leb(4_000), 0x7e],
    repeat([0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0b], 1_500),
    [0x41, 0, 0x0b],
  ),
)
bytes(
  'four billion locals',
  'refused: a function with more than 8000 locals, which no call stack should hold',
  () =>
    single(
      [2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f],
      [0x41, 0, 0x0b],
    ),
)
bytes(
  'more entries announced than bytes',
  'refused: not a valid WebAssembly module: unexpected end',
  () => join([head, ...section(1, [0xff, 0xff, 0x05])]),
)
bytes(
  'four billion types',
  'refused: not a valid WebAssembly module: 4294967295 types, at most 100000 are allowed',
  () => join([head, ...section(1, [0xff, 0xff, 0xff, 0xff, 0x0f])]),
)
bytes(
  'more imports than anybody needs',
  'refused: not a valid WebAssembly module: 20000 imports, at most 10000 are allowed',
  () =>
    join([
      head,
      ...section(1, [1, 0x60, 0, 1, 0x7f]),
      ...section(
        2,
        Buffer.concat([
          Buffer.from(leb(20_000)),
          repeat([...name('grid'), ...name('input_size'), 0, 0], 20_000),
        ]),
      ),
    ]),
)
bytes(
  'fifty thousand segments of data, and more',
  'refused: not a valid WebAssembly module: 60000 data segments, at most 50000 are allowed',
  () =>
    join([
      head,
      ...section(1, [1, 0x60, 0, 1, 0x7f]),
      ...section(3, [1, 0]),
      ...section(5, [1, 0, 1]),
      ...section(7, [2, ...name('memory'), 2, 0, ...name('run'), 0, 0]),
      ...section(10, [1, 4, 0, 0x41, 0, 0x0b]),
      ...section(11, Buffer.concat([Buffer.from(leb(60_000)), repeat([1, 0], 60_000)])),
    ]),
)
bytes('10 MB of a section that nobody reads', 'done', () =>
  join([
    assemble(
      '(module (memory (export "memory") 1) (func (export "run") (result i32) i32.const 0))',
    ),
    ...section(0, Buffer.concat([Buffer.from(name('x')), Buffer.alloc(10_000_000)])),
  ]),
)

// Engines compile a function again, at length, once it is hot: in the background, where no limit of a unit's holds.
const tooManyWays = 'refused: too many branches in a function to compile in time'
/** Three numbers that the compiler cannot foresee, then this piece so many times in an endless loop. */
const hot = (piece, times) =>
  single(
    [1, 20, 0x7e],
    ...[0, 1, 2].map((local) => [0x41, 0, 0x29, 3, 8 * local, 0x21, local]),
    [0x03, 0x40],
    repeat(piece, times),
    [0x0c, 0, 0x0b, 0x41, 0, 0x0b],
  )
const either = [0x20, 0, 0xa7, 0x04, 0x40, 0x20, 1, 0x21, 0, 0x05, 0x20, 2, 0x21, 1, 0x0b]
const wayOut = [0x20, 0, 0xa7, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b]
const trapped = [0x20, 0, 0xa7, 0x04, 0x40, 0x00, 0x0b]
const turns = [0x03, 0x40, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0, 0x50, 0x45, 0x0d, 0, 0x0b]
const table = [0x02, 0x40, 0x20, 0, 0xa7, 0x0e, ...leb(1000), ...Array(1001).fill(0), 0x0b]
const grow = [0x41, 0, 0x40, 0, 0x1a]
bytes('hot, of 200,000 conditions', tooManyWays, () => hot(either, 200_000))
bytes('hot, of 80,000 ways out', tooManyWays, () => hot(wayOut, 80_000))
bytes('hot, of 80,000 traps', tooManyWays, () => hot(trapped, 80_000))
bytes('hot, of 4,000,000 branch targets', tooManyWays, () => hot(table, 4_000))
bytes('hot, of 60,000 growths', tooManyWays, () => hot(grow, 60_000))
bytes('hot, of 20,000 loops', 'refused: more than 1000 loops in a function', () =>
  hot(turns, 20_000),
)
bytes('hot, of 32,000 conditions', outOfFuel, () => hot(either, 32_000))
bytes('hot, of 16,000 traps', outOfFuel, () => hot(trapped, 16_000))
bytes('hot, of 60,000 branch targets', outOfFuel, () => hot(table, 60))
bytes('hot, of 900 loops', outOfFuel, () => hot(turns, 900))
bytes('hot, of 4 MB without a branch', outOfFuel, () =>
  hot([0x20, 0, 0x20, 1, 0x7e, 0x42, 3, 0x7c, 0x21, 0], 400_000),
)
bytes(
  'a function that grows too large with its meters',
  'refused: the module becomes too large once it is metered',
  () => hot([0x10, 0, 0x1a], 600_000),
)

bytes('thirty hot functions', outOfFuel, () =>
  moduleOf(
    30,
    [1, 20, 0x7e, ...repeat(either, 30_000), 0x41, 0, 0x0b],
    [
      0,
      0x03,
      0x40,
      ...Array.from({ length: 30 }, (_, i) => [0x10, i + 1, 0x1a]).flat(),
      0x0c,
      0,
      0x0b,
      0x41,
      0,
      0x0b,
    ],
  ),
)

/** A ring of calls, and one in which every function may call every other, as far as anybody can tell. */
const crowd = 90_000
const numbered = (bodyOf) => {
  const bodies = Array.from({ length: crowd }, (_, i) => bodyOf(i))
  return Buffer.concat(bodies.map((body) => Buffer.from([...leb(body.length), ...body])))
}
const ring = (bodyOf, ...between) =>
  join([
    head,
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, Buffer.concat([Buffer.from(leb(crowd)), Buffer.alloc(crowd)])),
    ...(between.length > 0 ? section(4, [1, 0x70, 0, ...leb(crowd)]) : []),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('run'), 0, 0]),
    ...between.flat(),
    ...section(10, Buffer.concat([Buffer.from(leb(crowd)), numbered(bodyOf)])),
  ])
bytes('90,000 functions in a ring', noStack, () =>
  ring((i) => [0, 0x10, ...leb((i + 1) % crowd), 0x0b]),
)
bytes('90,000 functions that may all call each other', noStack, () =>
  ring(
    () => [0, 0x41, 0, 0x11, 0, 0, 0x0b],
    section(9, [
      1,
      0,
      0x41,
      0,
      0x0b,
      ...leb(crowd),
      ...Array.from({ length: crowd }, (_, i) => leb(i)).flat(),
    ]),
  ),
)
