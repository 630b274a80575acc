/** Much input, little work on it: 64 MB of text in pieces of 1 MB. */
import { wordCount } from '../../../dist/tasks/word-count.js'
import { takeTurns } from '../../measure.mjs'
import { withGrid } from '../nodes.mjs'
import { PlainWorkers } from '../plain.mjs'

export const summary = 'word count of 64 MB in pieces of 1 MB, beside plain threads'

const mb = 1_000_000
const pieceBytes = mb

export function measure({ rounds, quick, onRound }) {
  const text = textOf(quick ? 8 * mb : 64 * mb)
  const given = wordCount.params.parse({ text, pieceBytes })
  return withGrid({}, async (grid) => {
    const threads = new PlainWorkers('threads', 2)
    try {
      const totals = new Set()
      const timed = (name, count) => ({ name, run: async () => void totals.add(await count()) })
      const contenders = [
        timed('grid', async () => (await grid.sdk.run(wordCount, given, { quorum: 1 })).total),
        timed('threads', () => countPlainly(threads, given)),
      ]
      const processorMs = () => grid.processorMs()
      const taken = await takeTurns(contenders, { rounds, warmups: 1, onRound, processorMs })
      if (totals.size > 1) throw new Error(`the counts differ: ${[...totals].join(', ')}`)
      const title = `Word count of ${Math.round(text.length / mb)} MB in pieces of 1 MB`
      return { title, rows: rowsOf(taken, text.length) }
    } finally {
      await threads.close()
    }
  })
}

/** Cutting and adding up are the task's own, as on the grid; every other piece goes to each. */
async function countPlainly(workers, given) {
  const shares = [[], []]
  let pieces = 0
  for await (const piece of wordCount.plan(given).inputs) shares[pieces++ % 2].push(piece)
  const params = new Uint8Array()
  const outputs = await workers.run({ kernel: 'word-count', params, shares })
  const parts = outputs.flat().map((output) => ({ part: wordCount.decode(output) }))
  return (await wordCount.assemble(parts, given)).total
}

function rowsOf(taken, bytes) {
  const said = (name) => {
    const { value } = taken.time(name)
    return `${(value / 1000).toFixed(2)} s, ${Math.round(bytes / 1000 / value)} MB/s`
  }
  return [
    {
      measure: 'word count: plain threads / grid, time',
      ...taken.ratio('threads', 'grid'),
      ...{ goal: 0.8, better: 'more' },
      note: `${said('grid')}; plain threads ${said('threads')}`,
    },
  ]
}

/** Words as frequent as in a language: the nth is drawn 1/n times as often as the first. */
function textOf(bytes) {
  const words = Array.from({ length: 20_000 }, (_, i) =>
    Buffer.from(`w${(i * 7919).toString(36)} `),
  )
  const text = Buffer.alloc(bytes, ' ')
  let seed = 1
  for (let at = 0; ; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    const rank = Math.floor(words.length ** (seed / 2 ** 32)) - 1
    const word = words[rank]
    if (at + word.length > bytes) return new Uint8Array(text)
    word.copy(text, at)
    at += word.length
  }
}
