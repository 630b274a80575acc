/** A process behind plain ws: four bytes of number, then the input; answers with the number and the output. */
import { WebSocket } from 'ws'
import { noop } from '../work.mjs'

const socket = new WebSocket(process.argv[2], { perMessageDeflate: false })
socket.on('message', (message) => {
  const output = noop(message.subarray(4).toString('latin1'))
  const answer = Buffer.alloc(4 + output.length)
  message.copy(answer, 0, 0, 4)
  answer.write(output, 4, 'latin1')
  socket.send(answer)
})
socket.on('close', () => process.exit())
