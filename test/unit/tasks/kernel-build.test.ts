import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

test('the committed kernels are what their sources give', async () => {
  const script = fileURLToPath(new URL('../../../scripts/build-kernels.js', import.meta.url))
  const { stderr } = await promisify(execFile)(process.execPath, [script, '--check'])
  expect(stderr).toBe('')
}, 120_000)
