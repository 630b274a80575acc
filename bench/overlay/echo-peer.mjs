/**
 * The far side of the suite overlay, a process of its own: an overlay and a plain ws server. Both send small messages
 * back as they are, and of large ones one byte.
 */
import { WebSocketServer } from 'ws'
import { createIdentity, loadIdentity } from '../../dist/coordinator-free-node/shell/identity.js'
import { createOverlay } from '../../dist/coordinator-free-node/shell/overlay/overlay.js'

const smallBytesMax = 1024
const seen = new Uint8Array(1)
const answerTo = (message) => (message.length > smallBytesMax ? seen : message)

const overlay = createOverlay({
  privateKey: loadIdentity(createIdentity()).privateKey,
  grid: 'bench',
  listen: ['/ip4/127.0.0.1/tcp/0/ws'],
  dht: 'off',
})
await overlay.start({
  onEvent: () => {},
  onMessages: (peer, messages) => void overlay.send(peer, messages.map(answerTo)),
  readBlob: async () => undefined,
})
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (message) => socket.send(answerTo(message)))
})
server.on('listening', () =>
  process.send({
    address: overlay.addresses()[0],
    url: `ws://127.0.0.1:${server.address().port}`,
  }),
)
process.on('disconnect', () => process.exit())
