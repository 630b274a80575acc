import { describe, expect, test } from '@jest/globals'
import { dialReason } from '../../../../coordinator-free-node/shell/overlay/dial-reason.js'

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
  code: 'ECONNREFUSED',
})

describe('the reason of a failed dial', () => {
  test('is found however deep it is buried', () => {
    const buried = new Error('failed', { cause: new AggregateError([new Error('x'), refused]) })
    expect(dialReason(buried)).toContain('refused')
  })

  test('is the first line of the error where it is not a known one', () => {
    expect(dialReason(new Error('strange\nand long'))).toBe('strange')
    expect(dialReason(undefined)).toBe('undefined')
  })
})
