/**
 * Kernels beside node:crypto, in one run: `node bench/kernels.mjs [--json]`. Each figure is the median of several
 * rounds that take turns, so that a busy machine slows all alike.
 */
import crypto from 'node:crypto'
import { readFile } from 'node:fs/promises'

const ROUNDS = 7
const MIB = 2 ** 20

async function kernel(name) {
  const file = new URL(`../tasks/kernels/${name}.wasm`, import.meta.url)
  const module = await WebAssembly.compile(await readFile(file))
  return (input, params = new Uint8Array(0)) => {
    const bytes = () => new Uint8Array(exports.memory.buffer)
    const { exports } = new WebAssembly.Instance(module, {
      grid: {
        input_size: () => input.length,
        input_read: (at) => bytes().set(input, at),
        params_size: () => params.length,
        params_read: (at) => bytes().set(params, at),
        output_write: () => {},
        random: (at, length) => crypto.randomFillSync(bytes(), at, length),
        log: () => {},
        progress: () => {},
      },
    })
    exports.run()
  }
}

function rangeOf(start, count) {
  const bytes = Buffer.alloc(16)
  bytes.writeBigInt64LE(BigInt(start), 0)
  bytes.writeBigInt64LE(BigInt(start + count), 8)
  return bytes
}

function recordsOf(files) {
  return Buffer.concat(
    files.map((bytes) => {
      const record = Buffer.alloc(48 + Math.ceil(bytes.length / 8) * 8)
      record.writeUInt32LE(3, 0)
      record.writeUInt32LE(bytes.length, 4)
      bytes.copy(record, 48)
      return record
    }),
  )
}

const createHash = (bytes) => crypto.createHash('sha256').update(bytes).digest()
const hash = crypto.hash && ((bytes) => crypto.hash('sha256', bytes, 'buffer'))

function doubleHashes(one, count) {
  const header = crypto.randomBytes(80)
  return () => {
    for (let nonce = 0; nonce < count; nonce++) {
      header.writeUInt32LE(nonce, 76)
      one(one(header))
    }
  }
}

/** What is measured: groups of ways to do the same `amount` of work. */
async function suites() {
  const search = await kernel('hash-search')
  const tree = await kernel('hash-tree')
  const pi = await kernel('monte-carlo-pi')
  const params = Buffer.concat([crypto.randomBytes(80), Buffer.alloc(32)])
  const treeSuite = (name, fileBytes) => {
    const files = Array.from({ length: Math.floor((4 * MIB) / (fileBytes + 48)) || 1 }, () =>
      crypto.randomBytes(fileBytes),
    )
    const input = recordsOf(files)
    const all = (one) => () => files.forEach((bytes) => void one(bytes))
    return {
      name,
      unit: 'MB/s',
      scale: 1e6,
      ways: [
        ['kernel', files.length * fileBytes, () => tree(input)],
        ['createHash', files.length * fileBytes, all(createHash)],
        ...(hash ? [['crypto.hash', files.length * fileBytes, all(hash)]] : []),
      ],
    }
  }
  return [
    {
      name: 'double SHA-256 of an 80-byte header',
      unit: 'Mhash/s',
      scale: 1e6,
      ways: [
        ['kernel', 2 ** 21, () => search(rangeOf(0, 2 ** 21), params)],
        ['createHash', 100_000, doubleHashes(createHash, 100_000)],
        ...(hash ? [['crypto.hash', 100_000, doubleHashes(hash, 100_000)]] : []),
      ],
    },
    treeSuite('SHA-256 of one file of 4 MB', 4 * MIB - 48),
    treeSuite('SHA-256 of files of 10 kB', 10_000),
    treeSuite('SHA-256 of files of 1 kB', 1000),
    {
      name: 'random points',
      unit: 'M/s',
      scale: 1e6,
      ways: [['kernel', 2 ** 25, () => pi(rangeOf(0, 2 ** 25))]],
    },
  ]
}

const median = (values) => values.sort((x, y) => x - y)[values.length >> 1]

function measure({ name, unit, scale, ways }) {
  const rates = ways.map(() => [])
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, [, amount, work]] of ways.entries()) {
      const startMs = performance.now()
      work()
      const rate = amount / scale / ((performance.now() - startMs) / 1000)
      // The first round only warms up.
      if (round >= 0) rates[index].push(rate)
    }
  }
  const medians = rates.map(median)
  return ways.map(([way], index) => ({
    what: name,
    way,
    rate: Number(medians[index].toPrecision(4)),
    unit,
    kernelTimes: Number((medians[0] / medians[index]).toPrecision(3)),
  }))
}

const rows = (await suites()).flatMap(measure)
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, arch: process.arch, rows }, null, 2))
} else {
  console.log(`${'what'.padEnd(38)}${'way'.padEnd(14)}${'rate'.padStart(9)}          kernel is`)
  for (const { what, way, rate, unit, kernelTimes } of rows) {
    const ratio = way === 'kernel' ? '' : `x ${kernelTimes}`
    console.log(
      `${what.padEnd(38)}${way.padEnd(14)}${String(rate).padStart(9)} ${unit.padEnd(9)}${ratio}`,
    )
  }
}
