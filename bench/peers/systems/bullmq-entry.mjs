/** A process of BullMQ that works through the queue: `node bullmq-entry.mjs SOCKET`. */
import { Worker } from 'bullmq'
import { noop, search } from '../work.mjs'

const connection = { path: process.argv[2], maxRetriesPerRequest: null }
const worker = new Worker(
  'bench',
  async ({ name, data }) => (name === 'noop' ? noop(data) : search(...data)),
  { connection, concurrency: 50 },
)
await worker.waitUntilReady()
process.send('ready')
process.on('disconnect', () => process.exit())
