/**
 * An ordinary C program on the grid: it counts the words of its stdin, was built for WASI, and knows nothing of grids.
 * Each unit is one run of it on a piece of the texts.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineTask } from 'manyhands/tasks'
import { z } from 'zod'

export const help = `manyhands run examples/own-command.mjs [FILE...]
  FILE  texts (default: the README of this package)
Compare: cat FILE... | tr A-Z a-z | tr -cs a-z '\\n' | grep -E '.{4}' | sort | uniq -c | sort -nr`

const SHOWN = 10
const LETTERS_MIN = 4
const PIECE_CHARS = 4096

/** Pieces of whole words. */
function* piecesOf(text) {
  for (let at = 0; at < text.length; ) {
    const blank = text.slice(at + PIECE_CHARS).search(/[^A-Za-z]/)
    const end = blank < 0 ? text.length : at + PIECE_CHARS + blank
    yield new TextEncoder().encode(text.slice(at, end))
    at = end
  }
}

const wordFrequency = defineTask({
  name: 'word-frequency',
  summary: 'Counts the words of texts with a C program',
  params: z.strictObject({ texts: z.array(z.string()), letters: z.number().int().min(1) }),
  result: z.map(z.string(), z.number()),
  kernel: { tier: 'wasm', module: new URL('kernels/c/word-frequency.wasm', import.meta.url) },
  plan: ({ texts, letters }) => ({
    inputs: texts.flatMap((text) => [...piecesOf(text)]),
    // Each line is an argument of the program.
    params: new TextEncoder().encode(String(letters)),
  }),
  decode: (output) =>
    new TextDecoder()
      .decode(output)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ')),
  async assemble(parts) {
    const counts = new Map()
    for await (const { part } of parts)
      for (const [count, word] of part) counts.set(word, (counts.get(word) ?? 0) + Number(count))
    return counts
  },
})

export default async function main(grid, { args, progress }) {
  const files = args.length > 0 ? args : [fileURLToPath(new URL('../README.md', import.meta.url))]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const counts = await progress(grid.run(wordFrequency, { texts, letters: LETTERS_MIN }))
  const most = [...counts].sort(
    ([a, left], [b, right]) => right - left || (a < b ? -1 : a > b ? 1 : 0),
  )
  return most
    .slice(0, SHOWN)
    .map(([word, count]) => `${String(count).padStart(8)} ${word}`)
    .join('\n')
}
