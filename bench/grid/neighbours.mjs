/** One process with many nodes that compute nothing: `node neighbours.mjs ADDRESS COUNT FOLDER`; says `ready`. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { startNode } from '../../dist/coordinator-free-node/index.js'

// All of them listen to the same few signals of the process.
setMaxListeners(0)
const [address, count, folder] = process.argv.slice(2)
for (let i = 0; i < Number(count); i++)
  await startNode({
    stateDirectory: join(folder, `neighbour-${i}`),
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    peers: [address],
    lan: false,
    cpus: 0,
  })
process.send('ready')
process.on('disconnect', () => process.exit())
