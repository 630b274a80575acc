import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { digestOf, resultKinds } from '../../../coordinator-free-node/protocol/outcome.js'
import { digestOutput } from '../../../coordinator-free-node/shell/output-digest.js'

test("digests of outputs are those of the protocol's definition, at every length", () => {
  const output = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 4_090, max: 4_100 }).map((length) => new Uint8Array(length).fill(length)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...resultKinds), output, (kind, bytes) => {
      const digest = digestOutput(resultKinds.indexOf(kind), bytes)
      expect(digest).toEqual(digestOf(kind, bytes))
    }),
  )
})
