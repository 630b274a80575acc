/** Plain ws to two processes: the limit of the transport. Nothing is kept, checked or handed out twice. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { input } from '../work.mjs'

const entry = fileURLToPath(new URL('./ws-entry.mjs', import.meta.url))
const ahead = 16

export async function start() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const sockets = []
  const met = new Promise((resolve) => {
    server.on('connection', (socket) => {
      if (sockets.push(socket) === 2) resolve()
    })
  })
  await new Promise((resolve) => void server.once('listening', resolve))
  const url = `ws://127.0.0.1:${server.address().port}`
  const children = [0, 1].map(() => fork(entry, [url]))
  await met
  return {
    noop: (units) => run(sockets, units),
    stop: () => {
      for (const child of children) child.kill()
      server.close()
    },
  }
}

function run(sockets, units) {
  return new Promise((resolve) => {
    let next = 0
    let answered = 0
    const give = (socket) => {
      if (next === units) return
      const message = Buffer.alloc(4 + input.length)
      message.writeUInt32LE(next++, 0)
      message.write(input, 4, 'latin1')
      socket.send(message)
    }
    for (const socket of sockets) {
      socket.removeAllListeners('message')
      socket.on('message', () => {
        if (++answered === units) resolve(answered)
        else give(socket)
      })
      for (let i = 0; i < ahead; i++) give(socket)
    }
  })
}
