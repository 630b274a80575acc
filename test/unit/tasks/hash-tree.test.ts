import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { hashTree, sumLine, type TreeFile } from '../../../tasks/hash-tree.js'
import { encodeRecords } from '../../../tasks/hash-tree-plan.js'
import { loadKernel, runTask } from './kernel-host.js'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Bytes that are cheap to make and nowhere alike. */
function content(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2654435761 + 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

function* inChunks(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

const fileOf = (name: string, bytes: Uint8Array, chunkBytes = 1000): TreeFile => ({
  name,
  chunks: () => inChunks(bytes, chunkBytes),
})

const listOf = (files: readonly (readonly [string, Uint8Array])[]): string =>
  files.map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`).join('')

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('hash-tree kernel', () => {
  test('agrees with node:crypto on any records', async () => {
    const { run } = await loadKernel('hash-tree')
    const record = fc.tuple(fc.integer({ min: 0, max: 700 }), fc.nat(1000))
    fc.assert(
      fc.property(fc.array(record, { maxLength: 24 }), (specs) => {
        const contents = specs.map(([length, seed]) => content(length, seed))
        const { output } = run(
          encodeRecords(
            contents.map((bytes, index) => ({
              file: { index, name: '', bytes: 0 },
              bytes,
              isFirst: true,
              isLast: true,
              state: undefined,
            })),
          ),
        )
        expect(Buffer.from(output).toString('hex')).toBe(contents.map(sha256).join(''))
      }),
      { numRuns: 80 },
    )
  })
})

describe('hash-tree', () => {
  test('lists any files in any pieces, whatever order answers come in', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 9000 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(size, fc.nat(1000)), { maxLength: 30 }),
        fc.constantFrom(64, 128, 1024, 4096),
        fc.constantFrom(64, 2048, 2 ** 22),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(64, 100, 5000),
        async (specs, pieceBytes, unitBytes, chainsMax, window, chunkBytes) => {
          const files = specs.map(
            ([length, seed], index) => [`./${index}`, content(length, seed)] as const,
          )
          const task = hashTree(files.map(([name, bytes]) => fileOf(name, bytes, chunkBytes)))
          const result = await runTask(task, { pieceBytes, unitBytes, chainsMax }, { window })
          expect(textOf(result.sums)).toBe(listOf(files))
          expect(result.files).toBe(files.length)
          expect(result.bytes).toBe(files.reduce((sum, [, bytes]) => sum + bytes.length, 0))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('puts small files together and keeps units within their bounds', async () => {
    const files = Array.from({ length: 500 }, (_, i) => [`./${i}`, content(i, i)] as const)
    const units: number[] = []
    const result = await runTask(
      hashTree(files.map(([name, bytes]) => fileOf(name, bytes))),
      { unitBytes: 32_768, pieceBytes: 1024 },
      { onUnit: (input) => units.push(input.length) },
    )
    expect(textOf(result.sums)).toBe(listOf(files))
    expect(units.length).toBeLessThan(8)
    expect(Math.max(...units)).toBeLessThanOrEqual(32_768)
  })

  test('opens no more large files than it may and closes them when the job ends early', async () => {
    let open = 0
    let openMost = 0
    const files = Array.from(
      { length: 20 },
      (_, i): TreeFile => ({
        name: `${i}`,
        *chunks() {
          open += 1
          openMost = Math.max(openMost, open)
          try {
            yield* inChunks(content(1000, i), 100)
          } finally {
            open -= 1
          }
        },
      }),
    )
    const task = hashTree(files)
    const { inputs } = await task.plan(task.params.parse({ pieceBytes: 64, chainsMax: 3 }))
    const units = (inputs as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    for (let i = 0; i < 3; i++) await units.next()
    const waiting = units.next()
    await units.return?.()
    expect((await waiting).done).toBe(true)
    expect([openMost, open]).toEqual([3, 0])
  })

  test('names the file that cannot be read', async () => {
    const broken: TreeFile = {
      name: './secret',
      // biome-ignore lint/correctness/useYield: it fails before its first chunk
      async *chunks() {
        throw new Error('EACCES: permission denied')
      },
    }
    await expect(runTask(hashTree([broken]), {})).rejects.toThrow(
      'hash-tree: cannot read ./secret: EACCES: permission denied',
    )
  })

  test('serves one job', async () => {
    const task = hashTree([])
    expect(await runTask(task, {})).toMatchObject({ files: 0, bytes: 0 })
    await expect(runTask(task, {})).rejects.toThrow('call it again')
  })

  test('escapes names as sha256sum does', () => {
    const digest = '0'.repeat(64)
    const line = (name: string | Uint8Array) =>
      Buffer.from(sumLine(digest, name)).toString('latin1')
    expect(line('./a b')).toBe(`${digest}  ./a b\n`)
    expect(line('./a\nb')).toBe(`\\${digest}  ./a\\nb\n`)
    expect(line('./a\\b')).toBe(`\\${digest}  ./a\\\\b\n`)
    expect(line('./a\rb')).toBe(`\\${digest}  ./a\\rb\n`)
    expect(line(Uint8Array.of(0x2f, 0xff))).toBe(`${digest}  /\xff\n`)
  })

  test.each([
    [{ pieceBytes: 100 }, 'pieceBytes'],
    [{ unitBytes: 2 ** 23 }, 'unitBytes'],
    [{ chainsMax: 0 }, 'chainsMax'],
  ])('refuses %j and names the field', (given, field) => {
    expect(hashTree([]).params.safeParse(given).error?.issues[0]?.path).toEqual([field])
  })
})
