/** BullMQ on a Redis of its own, reached by a socket file: units added in bulk, two processes of 50 at a time. */
import { fork, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Queue, QueueEvents } from 'bullmq'
import { input, rangeOf } from '../work.mjs'

const entry = fileURLToPath(new URL('./bullmq-entry.mjs', import.meta.url))
const bulk = 1000
const options = { removeOnComplete: true }

export async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-redis-'))
  const path = join(folder, 'socket')
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise((resolve, reject) => {
    redis.once('error', reject)
    redis.stdout.on('data', (text) => /ready to accept/i.test(text) && resolve())
  })
  redis.stdout.resume()
  const connection = { path, maxRetriesPerRequest: null }
  const queue = new Queue('bench', { connection })
  const events = new QueueEvents('bench', { connection })
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
  const children = [0, 1].map(() => fork(entry, [path]))
  await Promise.all(
    children.map((child) => new Promise((resolve) => child.once('message', resolve))),
  )
  return {
    noop: async (units) => (await run({ queue, events }, 'noop', units, () => input)).length,
    search: async (units, unitNonces) =>
      (await run({ queue, events }, 'search', units, (i) => rangeOf(i, unitNonces))).sort()[0],
    stop: async () => {
      for (const child of children) child.kill()
      redis.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves with the results once all have come back. */
function run({ queue, events }, name, units, dataOf) {
  return new Promise((resolve, reject) => {
    const results = []
    const done = ({ returnvalue }) => {
      results.push(returnvalue)
      if (results.length < units) return
      events.off('completed', done)
      resolve(results)
    }
    events.on('completed', done)
    events.once('failed', ({ failedReason }) => reject(new Error(failedReason)))
    addAll(queue, name, units, dataOf).catch(reject)
  })
}

async function addAll(queue, name, units, dataOf) {
  for (let first = 0; first < units; first += bulk) {
    const jobs = Array.from({ length: Math.min(bulk, units - first) }, (_, i) => ({
      ...{ name, data: dataOf(first + i), opts: options },
    }))
    await queue.addBulk(jobs)
  }
}
