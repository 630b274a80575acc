import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { metricSources } from '../../coordinator-free-node/shell/telemetry/metrics.js'

test('docs/observability.md lists every metric as it is', async () => {
  const manual = await readFile('docs/observability.md', 'utf8')
  for (const { name, kind, labels = [], help } of metricSources)
    expect(manual).toContain(
      `| \`${name}${labels.length > 0 ? `{${labels}}` : ''}\` | ${kind} | ${help} |`,
    )
})
