/** The text format of Prometheus, as far as the node writes it, read back. */

export interface MetricValue {
  name: string
  labels: Record<string, string>
  value: number
}

const sampleLine = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** @returns the values, in the order of the text */
export function parseMetrics(text: string): MetricValue[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? []
    if (name === undefined || value === undefined) return []
    return [{ name, labels: parseLabels(labels), value: numberOf(value) }]
  })
}

/** Lines about metrics whose name contains `part`, what they mean included. */
export function selectMetrics(text: string, part: string): string {
  const lines = text.split('\n').filter((line) => {
    const name = /^(?:# (?:HELP|TYPE) )?([\w:]+)/.exec(line)?.[1]
    return name?.includes(part) === true
  })
  return lines.join('\n')
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(labelPair)].map(([, name = '', value = '']) => [
    name,
    value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
  ])
  return Object.fromEntries(pairs)
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
