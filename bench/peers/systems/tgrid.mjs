/** tgrid: remote calls over its WebSockets, to two processes. */
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import tgrid from 'tgrid'
import { inFlight, input, rangeOf } from '../work.mjs'

const entry = fileURLToPath(new URL('./tgrid-entry.mjs', import.meta.url))
const ahead = 16

export async function start() {
  const server = new tgrid.WebSocketServer()
  const drivers = []
  const port = await freePort()
  const met = new Promise((resolve) => {
    server.open(port, async (acceptor) => {
      await acceptor.accept(null)
      if (drivers.push(acceptor.getDriver()) === 2) resolve()
    })
  })
  const children = [0, 1].map(() => fork(entry, [`ws://127.0.0.1:${port}`]))
  await met
  return {
    noop: async (units) => {
      const shares = drivers.map((driver) => inFlight(units / 2, ahead, () => driver.noop(input)))
      return (await Promise.all(shares)).flat().length
    },
    search: async (units, unitNonces) => {
      let next = 0
      const shares = drivers.map(async (driver) => {
        let best = 'f'.repeat(64)
        while (next < units) {
          const digest = await driver.search(...rangeOf(next++, unitNonces))
          if (digest < best) best = digest
        }
        return best
      })
      return (await Promise.all(shares)).sort()[0]
    },
    stop: () => {
      for (const child of children) child.kill()
      return server.close()
    },
  }
}

/** Its server takes a number alone, and tells nobody which one it got. */
async function freePort() {
  const server = createServer()
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => void server.close(resolve))
  return port
}
