import { describe, expect, test } from '@jest/globals'
import { parseMetrics, selectMetrics } from '../../../coordinator-free-node/cli/metrics-text.js'

const text = `# HELP manyhands_neighbours Peers with an open connection
# TYPE manyhands_neighbours gauge
manyhands_neighbours 3

# HELP manyhands_messages_total Messages
# TYPE manyhands_messages_total counter
manyhands_messages_total{direction="in",type="vote"} 12
manyhands_messages_total{direction="out",type="a \\"b\\"\\n\\\\,}"} 1.5e+21
manyhands_odd +Inf
`

describe('metrics as text', () => {
  test('are read back as names, labels and values', () => {
    expect(parseMetrics(text)).toEqual([
      { name: 'manyhands_neighbours', labels: {}, value: 3 },
      { name: 'manyhands_messages_total', labels: { direction: 'in', type: 'vote' }, value: 12 },
      {
        name: 'manyhands_messages_total',
        labels: { direction: 'out', type: 'a "b"\n\\,}' },
        value: 1.5e21,
      },
      { name: 'manyhands_odd', labels: {}, value: Number.POSITIVE_INFINITY },
    ])
  })

  test('are chosen by a part of their name, with what they mean', () => {
    expect(selectMetrics(text, 'neighbours').split('\n')).toEqual(text.split('\n').slice(0, 3))
    expect(selectMetrics(text, 'direction')).toBe('')
  })
})
