/** Checks of the network: a port to listen on, multicast on the LAN, a node that runs already. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { shortId } from '../../protocol/ids.js'
import type { Context } from '../context.js'
import { countOf } from '../format.js'
import type { Check, Finding } from './check.js'

/** The group that mDNS uses; the check joins it on a port of its own and disturbs nobody. */
const MULTICAST_GROUP = '224.0.0.251'
const ECHO_MS_MAX = 1_500

export function networkChecks(context: Context, stateDirectory: string): Check[] {
  return [
    { name: 'listening port', essential: true, look: listeningPort },
    { name: 'LAN multicast', essential: false, look: multicast },
    { name: 'running node', essential: false, look: () => runningNode(context, stateDirectory) },
  ]
}

function listeningPort(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) =>
      resolve({ ok: false, detail: error.message, hint: 'allow this user to open TCP ports' }),
    )
    server.listen(0, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve({ ok: true, detail: `opened one (${port}) and closed it` }))
    })
  })
}

async function multicast(): Promise<Finding> {
  const lan = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  const hint = 'peers on this network are not found by themselves: use --peer ADDRESS'
  if (lan.length === 0) return { ok: false, detail: 'no network but loopback', hint }
  if (await hearsItself()) {
    return { ok: true, detail: `works on ${lan.map(({ address }) => address).join(', ')}` }
  }
  return { ok: false, detail: 'packets do not come back', hint }
}

/** Sends one packet to the group and waits for it. */
function hearsItself(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    const finish = (heard: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(heard)
    }
    const timer = setTimeout(() => finish(false), ECHO_MS_MAX)
    socket.once('error', () => finish(false))
    socket.once('message', () => finish(true))
    socket.bind(0, () => {
      try {
        socket.addMembership(MULTICAST_GROUP)
        socket.send('manyhands doctor', socket.address().port, MULTICAST_GROUP)
      } catch {
        finish(false)
      }
    })
  })
}

async function runningNode(context: Context, stateDirectory: string): Promise<Finding> {
  try {
    const grid = await context.connect({ node: 'running', stateDirectory })
    try {
      const { peer, neighbours } = await grid.status()
      return { ok: true, detail: `${shortId(peer)}, ${countOf(neighbours, 'neighbour')}` }
    } finally {
      await grid.close()
    }
  } catch {
    return { ok: false, detail: 'none', hint: 'start one: manyhands node' }
  }
}
