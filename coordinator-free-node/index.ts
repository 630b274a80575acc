/** `manyhands/node`: a node inside one's own process. The SDK's `connect()` starts one where none is running. */
export { type RunningNode, startNode } from './shell/node.js'
export type { NodeOptions } from './shell/node-options.js'
