/**
 * A process between hosts and requester: `node delay-relay.mjs PORT DELAY_MS` says which port it listens on, and hands
 * on every byte so much later, each way. Stands in for a long line where the kernel cannot delay packets itself.
 */
import { connect, createServer } from 'node:net'

const [port, delayMs] = process.argv.slice(2).map(Number)

const server = createServer((near) => {
  const far = connect(port, '127.0.0.1')
  for (const [from, to] of [
    [near, far],
    [far, near],
  ]) {
    from.setNoDelay(true)
    from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), delayMs))
    from.on('end', () => setTimeout(() => to.end(), delayMs))
    from.on('error', () => to.destroy())
    from.on('close', () => setTimeout(() => to.destroy(), delayMs))
  }
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
