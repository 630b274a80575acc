/** Lists the words of texts, the most frequent first, as sort, uniq -c and sort -nr do. */
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { wordCount } from 'manyhands/tasks'

export const help = `manyhands run examples/word-count.mjs [FILE...]
  FILE  UTF-8 texts (default: the README of this package)
Compare: cat FILE... | LC_ALL=C tr A-Z a-z | LC_ALL=C tr -cs "a-z0-9'\\200-\\377" '\\n' | LC_ALL=C sort | uniq -c`

const SHOWN = 20

export default async function main(grid, { args, progress }) {
  const files = args.length > 0 ? args : [fileURLToPath(new URL('../README.md', import.meta.url))]
  const job = grid.run(wordCount, { text: chunksOf(files), top: SHOWN })
  const { total, distinct, top } = await progress(job)
  const lines = top.map(([word, count]) => `${String(count).padStart(8)} ${word}`)
  return [`${total} words, ${distinct} different`, ...lines].join('\n')
}

async function* chunksOf(files) {
  for (const file of files) {
    yield* createReadStream(file)
    // The last word of one file is not the start of the next.
    yield new TextEncoder().encode('\n')
  }
}
