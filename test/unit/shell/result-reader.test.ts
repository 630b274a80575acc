import { describe, expect, test } from '@jest/globals'
import type { ResultRecord } from '../../../coordinator-free-node/protocol/gateway-api.js'
import { createJobNews } from '../../../coordinator-free-node/shell/job-news.js'
import { createJournal } from '../../../coordinator-free-node/shell/journal.js'
import { readAsCompleted, readInOrder } from '../../../coordinator-free-node/shell/result-reader.js'
import { createMemoryStore } from '../../contract/memory-store.js'
import { job } from '../core/lone-node.js'

/** Results as the core would bring them, with a reader at the other end. */
function bench() {
  const store = createMemoryStore()
  const news = createJobNews()
  const journal = createJournal(store, { durable() {}, failed() {} })
  const end = new AbortController()
  const recordOf = (unit: number, byte: number): ResultRecord => ({
    unit,
    kind: 'done',
    agreed: 1,
    output: Uint8Array.of(byte),
  })
  return {
    async accept(unit: number, byte: number) {
      const result = recordOf(unit, byte)
      journal.append(1, [{ type: 'result', job, result }])
      await journal.idle()
      news.resultsReady(job, [result])
    },
    async withdraw(unit: number) {
      journal.append(1, [{ type: 'result-withdrawn', job, unit }])
      await journal.idle()
      news.resultsWithdrawn(job, [unit])
    },
    end() {
      end.abort()
      news.jobChanged(job)
    },
    /** What a reader gets as `unit:byte`, `!` for revised. */
    read(order: 'input' | 'completion', from = 0) {
      const { arrived, withdrawn, close } = news.follow(job)
      const got: string[] = []
      const options = {
        store,
        job,
        from,
        signal: new AbortController().signal,
        news: (signal: AbortSignal) => news.next(job, signal),
        hasEnded: () => end.signal.aborted,
        arrived,
        withdrawn,
      }
      const whole = (async () => {
        const read = order === 'input' ? readInOrder : readAsCompleted
        for await (const batch of read(options))
          for (const { unit, output, revised } of batch)
            got.push(`${unit}:${output[0]}${revised === true ? '!' : ''}`)
        close()
        return got
      })()
      const until = async (length: number) => {
        while (got.length < length) await new Promise((resolve) => setImmediate(resolve))
      }
      return { whole, until }
    },
  }
}

describe.each(['input', 'completion'] as const)(
  'results that are withdrawn, read by %s',
  (order) => {
    test('come again to those who had them, where they differ', async () => {
      const { accept, withdraw, end, read } = bench()
      const reader = read(order)
      for (const unit of [0, 1, 2]) await accept(unit, 7)
      await reader.until(3)
      await withdraw(0)
      await withdraw(1)
      await accept(0, 7)
      await accept(1, 8)
      await accept(3, 7)
      await reader.until(5)
      end()
      expect((await reader.whole).sort()).toEqual(['0:7', '1:7', '1:8!', '2:7', '3:7'])
    })

    test('are waited for by those who had not', async () => {
      const { accept, withdraw, end, read } = bench()
      await accept(0, 7)
      await accept(1, 7)
      await withdraw(1)
      const reader = read(order)
      await reader.until(1)
      await accept(1, 8)
      await reader.until(2)
      end()
      expect(await reader.whole).toEqual(['0:7', '1:8'])
    })

    test('are told to a reader that goes on where it was', async () => {
      const { accept, withdraw, end, read } = bench()
      for (const unit of [0, 1, 2]) await accept(unit, 7)
      await withdraw(0)
      await withdraw(1)
      await accept(0, 8)
      const reader = read(order, 2)
      await reader.until(2)
      await accept(1, 9)
      end()
      expect(await reader.whole).toEqual(['0:8!', '2:7', '1:9!'])
    })

    test('are not told when they are the same after a second withdrawal, too', async () => {
      const { accept, withdraw, end, read } = bench()
      const reader = read(order)
      for (let times = 0; times < 3; times++) {
        await accept(0, 7)
        await reader.until(1)
        await withdraw(0)
      }
      await accept(0, 7)
      await accept(1, 7)
      await reader.until(2)
      end()
      expect(await reader.whole).toEqual(['0:7', '1:7'])
    })

    test('are told again when the second result is withdrawn for the first', async () => {
      const { accept, withdraw, end, read } = bench()
      await accept(0, 7)
      await withdraw(0)
      await accept(0, 8)
      await withdraw(0)
      await accept(0, 7)
      end()
      expect(await read(order, 1).whole).toEqual(['0:7!'])
      expect(await read(order).whole).toContain('0:7')
    })
  },
)
