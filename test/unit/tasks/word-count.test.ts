import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { cutText, wordCount } from '../../../tasks/word-count.js'
import { loadKernel, runTask } from './kernel-host.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  for (const [word] of lower.matchAll(/[a-z0-9'\u0080-\u{10ffff}]+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

const inByteOrder = (counts: Map<string, number>) =>
  [...counts].sort(([x], [y]) => Buffer.compare(bytesOf(x), bytesOf(y)))

const letters = [..."aabbAB01é漢😀'  \n,.-_\t"]
const anyText = fc
  .array(fc.constantFrom(...letters), { maxLength: 400 })
  .map((characters) => characters.join(''))

async function piecesOf(...args: Parameters<typeof cutText>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of cutText(...args)) pieces.push(piece)
  return pieces
}

describe('word-count kernel', () => {
  test('agrees with JavaScript, word by word, in the order of bytes', async () => {
    const { run } = await loadKernel('word-count')
    fc.assert(
      fc.property(anyText, (text) => {
        const { output } = run(bytesOf(text))
        const words = wordCount.decode(output, wordCount.params.parse({ text }))
        expect(words).toEqual(inByteOrder(countWords(text)))
      }),
    )
  })

  test('holds a full piece of nothing but different words', async () => {
    const { run } = await loadKernel('word-count')
    let text = ''
    for (let i = 0; text.length < 2 ** 20 - 8; i++) text += `${i.toString(36)} `
    const { output } = run(bytesOf(text))
    const words = wordCount.decode(output, wordCount.params.parse({ text }))
    expect(words).toEqual(inByteOrder(countWords(text)))
  })

  test.each(['', ' ', 'a', 'a'.repeat(2 ** 20)])('takes an extreme piece', async (text) => {
    const { run } = await loadKernel('word-count')
    const words = wordCount.decode(run(bytesOf(text)).output, wordCount.params.parse({ text }))
    expect(words).toEqual([...countWords(text)])
  })
})

describe('word-count', () => {
  test('adds up the pieces', async () => {
    const text = "It was the best of times, it was the worst of times; it isn't. ".repeat(2000)
    const result = await runTask(wordCount, { text, pieceBytes: 1024, top: 3 }, { window: 4 })
    expect(result).toMatchObject({ total: 28_000, distinct: 8 })
    expect(result.top).toEqual([
      ['it', 6000],
      ['of', 4000],
      ['the', 4000],
    ])
    expect(result.counts).toEqual(countWords(text))
  })

  test('cuts any text so that no word is lost or cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        async (text, pieceBytes, chunkBytes) => {
          const words = Math.max(0, ...[...countWords(text).keys()].map((w) => bytesOf(w).length))
          const size = pieceBytes + words
          const bytes = bytesOf(text)
          const chunks: Uint8Array[] = []
          for (let at = 0; at < bytes.length; at += chunkBytes) {
            chunks.push(bytes.subarray(at, at + chunkBytes))
          }
          const pieces = await piecesOf(chunks, size)
          expect(Buffer.concat(pieces).toString()).toBe(text)
          expect(Math.max(0, ...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(size)
          const counts = new Map<string, number>()
          for (const piece of pieces) {
            for (const [word, times] of countWords(Buffer.from(piece).toString())) {
              counts.set(word, (counts.get(word) ?? 0) + times)
            }
          }
          expect(counts).toEqual(countWords(text))
        },
      ),
    )
  })

  test('says so when a word is longer than a piece', async () => {
    await expect(piecesOf(`one ${'x'.repeat(3000)}`, 1024)).rejects.toThrow(
      'a word of more than 1024 bytes',
    )
  })

  test.each([
    [{ text: 7 as never }, 'text'],
    [{ text: '', pieceBytes: 2 ** 20 + 1 }, 'pieceBytes'],
    [{ text: '', top: -1 }, 'top'],
  ])('refuses %j and names the field', (given, field) => {
    expect(wordCount.params.safeParse(given).error?.issues[0]?.path).toEqual([field])
  })
})
