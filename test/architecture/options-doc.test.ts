import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'

describe('docs/options.md', () => {
  test('says what the schema says', () => {
    const check = () =>
      execFileSync(process.execPath, ['scripts/build-options.js', '--check'], { stdio: 'pipe' })
    expect(check).not.toThrow()
  })
})
