/** Two processes over loopback: the overlay's long stream beside a plain WebSocket, in the same run. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { createIdentity, loadIdentity } from '../../dist/coordinator-free-node/shell/identity.js'
import { createOverlay } from '../../dist/coordinator-free-node/shell/overlay/overlay.js'
import { takeTurns } from '../measure.mjs'
import { processorMs } from '../processes.mjs'

const requestBytes = 200
const depths = [
  { depth: 1, requests: 4_000 },
  { depth: 16, requests: 40_000 },
  { depth: 256, requests: 100_000 },
]
const bulks = [
  { bytes: 64 * 1024, words: '64 KiB' },
  { bytes: 1024 * 1024, words: '1 MiB' },
]
const bulkBytes = 256 * 2 ** 20
/** On their way at a time: a quarter of what a neighbour's queue may hold. */
const bulkBytesAhead = 16 * 2 ** 20
const peerFile = fileURLToPath(new URL('../overlay/echo-peer.mjs', import.meta.url))

/** @param {{ rounds: number, quick: boolean, progress: Function }} options */
export async function measureOverlay({ rounds, quick, progress }) {
  const child = fork(peerFile)
  const lines = []
  try {
    const { address, url } = await new Promise((resolve) => void child.once('message', resolve))
    lines.push(await overlayLine(address), await socketLine(url))
    const works = worksOf(quick ? 0.05 : 1)
    const contenders = works.flatMap(({ name, work }) =>
      lines.map((line) => ({ name: `${line.name}, ${name}`, run: () => send(line, work) })),
    )
    // Both sides together: the far one is a child of this process.
    const bothMs = () => processorMs(process.pid)
    const options = { rounds, warmups: 1, onRound: progress, processorMs: bothMs }
    return tablesOf(works, await takeTurns(contenders, options))
  } finally {
    for (const { close } of lines) await close()
    child.kill()
  }
}

/** What is sent and how much of it is on its way at a time. */
function worksOf(share) {
  return [
    ...depths.map(({ depth, requests }) => ({
      name: `depth ${depth}`,
      work: { count: Math.ceil(requests * share), bytes: requestBytes, depth },
    })),
    ...bulks.map(({ bytes, words }) => ({
      name: words,
      work: { count: Math.ceil((bulkBytes * share) / bytes), bytes, depth: bulkBytesAhead / bytes },
    })),
  ]
}

async function overlayLine(address) {
  const line = { name: 'overlay', heard: (_count) => {} }
  const overlay = createOverlay({
    privateKey: loadIdentity(createIdentity()).privateKey,
    grid: 'bench',
    listen: [],
    dht: 'off',
  })
  await overlay.start({
    onEvent: () => {},
    onMessages: (_peer, messages) => line.heard(messages.length),
    readBlob: async () => undefined,
  })
  const peer = await overlay.connect([address])
  const say = (message, count) => {
    if (!overlay.send(peer, Array(count).fill(message))) throw new Error('the overlay is gone')
  }
  return Object.assign(line, { say, close: () => overlay.stop() })
}

async function socketLine(url) {
  const line = { name: 'plain ws', heard: (_count) => {} }
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('message', () => line.heard(1))
  const say = (message, count) => {
    for (let i = 0; i < count; i++) socket.send(message)
  }
  return Object.assign(line, { say, close: () => socket.close() })
}

/** So many messages, `depth` of them on their way; resolves with the last answer. */
function send(line, { count, bytes, depth }) {
  const message = new Uint8Array(bytes).fill(7)
  return new Promise((resolve) => {
    let sent = Math.min(count, depth)
    let answered = 0
    line.heard = (answers) => {
      answered += answers
      const more = Math.min(answers, count - sent)
      sent += more
      if (more > 0) line.say(message, more)
      if (answered === count) resolve()
    }
    line.say(message, sent)
  })
}

function tablesOf(works, taken) {
  const requests = []
  const bulk = []
  for (const { name, work } of works) {
    const { count, bytes } = work
    const isBulk = bytes > requestBytes
    for (const line of ['overlay', 'plain ws']) {
      const { value, spread } = taken.time(`${line}, ${name}`)
      const cpuUs = (1000 * taken.cpuTime(`${line}, ${name}`).value) / count / 2
      const amount = isBulk ? (count * bytes) / 1e3 / value : (1000 * count) / value
      const row = { measure: `${line}, ${name}`, value: amount, spread, better: 'more' }
      if (isBulk) bulk.push({ ...row, unit: 'MB/s' })
      else
        requests.push({
          ...row,
          unit: 'a second',
          note: `${cpuUs.toFixed(1)} us of processor a side`,
        })
    }
    const ratio = taken.ratio(`plain ws, ${name}`, `overlay, ${name}`)
    const table = isBulk ? bulk : requests
    table.push({ measure: `overlay / plain ws, ${name}`, ...ratio, better: 'more' })
  }
  return [
    { title: `Requests and replies of ${requestBytes} B, two processes`, rows: requests },
    { title: 'Bulk, one way', rows: bulk },
  ]
}
