import { describe, expect, test } from '@jest/globals'
import { isStrayNetworkError } from '../../../coordinator-free-node/cli/stray-errors.js'

function thrownAt(...places: string[]): Error {
  const error = new Error('boom')
  error.stack = ['Error: boom', ...places.map((place) => `    at f (${place}:1:2)`)].join('\n')
  return error
}

describe('an error that nobody caught', () => {
  test.each([
    ['of libp2p', ['/x/node_modules/@libp2p/yamux/src/muxer.ts', '/x/dist/shell/node.js']],
    ['of ws, under Node itself', ['node:events', '/x/node_modules/ws/lib/websocket.js']],
  ])('%s costs a connection, not the node', (_whose, places) => {
    expect(isStrayNetworkError(thrownAt(...places))).toBe(true)
  })

  test.each([
    ['of ours', thrownAt('/x/dist/core/step.js', '/x/node_modules/@libp2p/yamux/src/muxer.ts')],
    ['of another library', thrownAt('/x/node_modules/zod/index.js')],
    ['that is no error', 'boom'],
  ])('%s ends the process', (_whose, error) => {
    expect(isStrayNetworkError(error)).toBe(false)
  })
})
