import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { exitCodeOf } from '../../../coordinator-free-node/cli/failure.js'
import {
  errorCodes,
  GridError,
  toErrorRecord,
} from '../../../coordinator-free-node/protocol/errors.js'

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(MH_[A-Z_]+)` \| (\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, code, exit]) => ({ code, exit: Number(exit) }),
)

describe('docs/errors.md', () => {
  test('has a line for every code, and for no other', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual([...errorCodes].sort())
  })
  test('gives the exit code that the command really ends with', () => {
    const real = errorCodes.map((code) => ({
      code,
      exit: exitCodeOf(toErrorRecord(new GridError(code, 'x', { blame: 'local' }))),
    }))
    expect(rows).toEqual(real)
  })
})
