/** Prints the table of metrics as docs/observability.md has it: after a change of metrics, paste it there. */
import { metricSources } from '../dist/coordinator-free-node/shell/telemetry/metrics.js'

for (const { name, kind, labels = [], help } of metricSources)
  console.log(`| \`${name}${labels.length > 0 ? `{${labels}}` : ''}\` | ${kind} | ${help} |`)
