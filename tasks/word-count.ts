/**
 * Counts the words of a text of any length: hosts count pieces of it, and the counts are added up here.
 *
 * A word is a longest run of ASCII letters, digits, apostrophes and characters beyond ASCII; ASCII letters are
 * lower-cased. In a shell, with LC_ALL=C:
 *
 *     tr A-Z a-z | tr -cs "a-z0-9'\200-\377" '\n' | sort | uniq -c
 */
import { z } from 'zod'
import { defineTask } from './contract.js'

export type TextSource = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

const isTextSource = (value: unknown): value is TextSource =>
  typeof value === 'string' ||
  (typeof value === 'object' &&
    value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value))

const params = z.strictObject({
  text: z
    .custom<TextSource>(isTextSource, 'expected a string, bytes or an iterable of bytes')
    .describe('the text: a string, UTF-8 bytes, or an iterable of chunks of UTF-8'),
  pieceBytes: z
    .number()
    .int()
    .min(1024)
    .max(2 ** 20)
    .default(2 ** 19)
    .describe('largest piece of text in a unit, bytes; no word may be longer'),
  top: z.number().int().min(0).default(20).describe('how many of the most frequent words to list'),
})

const count = z.number().int()

const result = z.object({
  /** Words in the text. */
  total: count,
  /** Different words. */
  distinct: count,
  /** The most frequent words with their counts; equals in the order of their text. */
  top: z.array(z.tuple([z.string(), count])),
  counts: z.map(z.string(), count),
})

/** Whether a byte can be part of a word. */
function isLetter(byte: number): boolean {
  return (
    byte >= 0x80 ||
    byte === 0x27 ||
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a)
  )
}

async function* chunksOf(source: TextSource): AsyncGenerator<Uint8Array> {
  if (typeof source === 'string') yield new TextEncoder().encode(source)
  else if (ArrayBuffer.isView(source)) yield source
  else yield* source
}

/**
 * Cuts text into pieces without cutting a word.
 *
 * @param source  text, UTF-8 bytes or chunks of them, read as pieces are asked for
 * @param pieceBytes  bytes in a piece at most
 * @throws {Error} when a word is longer than a piece
 */
export async function* cutText(
  source: TextSource,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void> {
  const piece = new Uint8Array(pieceBytes)
  let filled = 0
  let read = 0
  for await (const chunk of chunksOf(source)) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + pieceBytes - filled)
      piece.set(part, filled)
      filled += part.length
      at += part.length
      read += part.length
      if (filled < pieceBytes) continue
      let end = filled
      while (end > 0 && isLetter(piece[end - 1] ?? 0)) end -= 1
      if (end === 0) {
        throw new Error(
          `word-count: a word of more than ${pieceBytes} bytes ends after byte ${read}; raise pieceBytes, or is this no text?`,
        )
      }
      yield piece.slice(0, end)
      piece.copyWithin(0, end, filled)
      filled -= end
    }
  }
  if (filled > 0) yield piece.slice(0, filled)
}

/** Words of a piece with their counts, in the order of their bytes. */
export type WordCounts = (readonly [word: string, count: number])[]

function decodeCounts(output: Uint8Array): WordCounts {
  const view = new DataView(output.buffer, output.byteOffset, output.length)
  const text = new TextDecoder()
  const words: WordCounts = []
  for (let at = 0; at < output.length; ) {
    const end = at + 8 + view.getUint32(at + 4, true)
    words.push([text.decode(output.subarray(at + 8, end)), view.getUint32(at, true)])
    at = end
  }
  return words
}

const byCount = (left: WordCounts[number], right: WordCounts[number]): number =>
  right[1] - left[1] || (left[0] < right[0] ? -1 : 1)

export const wordCount = defineTask({
  name: 'word-count',
  summary: 'Count the words of a text',
  params,
  result,
  kernel: { tier: 'wasm', module: new URL('./kernels/word-count.wasm', import.meta.url) },
  plan: ({ text, pieceBytes }) => ({ inputs: cutText(text, pieceBytes) }),
  decode: decodeCounts,
  async assemble(parts, { top }) {
    const counts = new Map<string, number>()
    let total = 0
    for await (const { part } of parts) {
      for (const [word, times] of part) {
        counts.set(word, (counts.get(word) ?? 0) + times)
        total += times
      }
    }
    return {
      total,
      distinct: counts.size,
      top: [...counts].sort(byCount).slice(0, top),
      counts,
    }
  },
})
