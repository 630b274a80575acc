/** Two connected ends of a stream, one to keep and one to give to a process. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

export interface SocketPair {
  ours: net.Socket
  /** To be given to `fork` as one of its `stdio`, and closed afterwards. */
  theirs: net.Socket
}

/**
 * A pipe of `fork` would do but for one thing: its end here reads into buffers of Node's, not of ours.
 *
 * @returns undefined where the system has no such sockets, or gives none of them to processes
 */
export async function openSocketPair(onread: net.OnReadOpts): Promise<SocketPair | undefined> {
  if (process.platform === 'win32') return undefined
  // Nobody else may enter the folder, so nobody else connects.
  const folder = await mkdtemp(path.join(os.tmpdir(), 'manyhands-')).catch(() => undefined)
  if (folder === undefined) return undefined
  const server = net.createServer({ pauseOnConnect: true })
  try {
    const address = path.join(folder, 'bytes')
    server.listen(address)
    await once(server, 'listening')
    const accepted = once(server, 'connection') as Promise<[net.Socket]>
    const ours = net.connect({ path: address, onread })
    await once(ours, 'connect')
    const [theirs] = await accepted
    return { ours, theirs }
  } catch {
    return undefined
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
