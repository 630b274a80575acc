/** What `connect` needs of the machine that it runs on. Everything of Node's is imported when it is used. */
import { GridError } from '../coordinator-free-node/protocol/errors.js'
import {
  type GatewayFile,
  gatewayFileSchema,
} from '../coordinator-free-node/protocol/gateway-api.js'

/** What the SDK uses of `startNode`'s options; its own module has them all. */
export interface EmbeddedNodeOptions {
  stateDirectory: string
  peers?: string[]
  lan?: boolean
  cpus?: number
}

/** What the SDK uses of a node in this process. */
export interface EmbeddedNode {
  peer: string
  drain?(): Promise<void>
  stop(): Promise<void>
}

export interface Platform {
  /** An absolute path; @param given  what the user said, if anything */
  stateDirectory(given: string | undefined): Promise<string>
  /** Undefined where there is none, or none that can be read. */
  readGatewayFile(directory: string): Promise<GatewayFile | undefined>
  startNode(options: EmbeddedNodeOptions): Promise<EmbeddedNode>
}

/** A name in a variable is not followed by compilers and bundlers: the SDK works where the node cannot. */
const nodeModule: string = 'manyhands/node'

export const platform: Platform = {
  async stateDirectory(given) {
    if (typeof process === 'undefined' || process.versions?.node === undefined) {
      throw new GridError('MH_USAGE', 'there is no state directory outside of Node', {
        blame: 'user',
        hint: 'connect({ gateway: { url, token } }) reaches a node from here',
      })
    }
    const path = await import('node:path')
    const { homedir } = await import('node:os')
    const { MANYHANDS_STATE: named, XDG_DATA_HOME: data } = process.env
    const chosen = given ?? (named === '' ? undefined : named)
    if (chosen !== undefined) return path.resolve(chosen)
    // The XDG specification ignores paths that are not absolute.
    const base =
      data !== undefined && path.isAbsolute(data) ? data : path.join(homedir(), '.local', 'share')
    return path.join(base, 'manyhands')
  },

  async readGatewayFile(directory) {
    const path = await import('node:path')
    const { readFile } = await import('node:fs/promises')
    try {
      const text = await readFile(path.join(directory, 'gateway.json'), 'utf8')
      return gatewayFileSchema.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  },

  async startNode(options) {
    const loaded: { startNode(options: EmbeddedNodeOptions): Promise<EmbeddedNode> } = await import(
      nodeModule
    )
    return await loaded.startNode(options)
  },
}
