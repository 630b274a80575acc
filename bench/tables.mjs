/** Tables of the bench: for the terminal, and for docs/performance.md. */
import os from 'node:os'

/** @typedef {import('./suites.mjs').Row} Row */
/** @typedef {import('./suites.mjs').Table} Table */

/** What the figures were measured on, for a person who compares. */
export function machine() {
  const model = os.cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${model}, ${os.cpus().length} cores, ${os.platform()}, Node ${process.version}`
}

/** Whether other programs use the machine, so that times say little. */
export function isBusy() {
  return os.loadavg()[0] / os.cpus().length > 0.5
}

/** @param {Table} table */
export function toText({ title, rows, remarks = [] }) {
  const shown = rows.map(cellsOf)
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((cells) => cells[column].length)),
  )
  const isNumber = (column) => column === 1 || column === 2
  const lines = shown.map((cells) => {
    const padded = cells.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    )
    return `  ${padded.join('  ')}`.trimEnd()
  })
  return [title, ...lines, ...remarks.map((remark) => `  (${remark})`), ''].join('\n')
}

/** @param {Table} table */
export function toMarkdown({ title, rows, remarks = [] }) {
  const lines = rows.map((row) => `| ${cellsOf(row).join(' | ')} |`)
  return [
    `${title}:`,
    '',
    '| measure | value | spread | goal | | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    ...(remarks.length === 0 ? [] : ['', ...remarks.map((remark) => `- ${remark}`)]),
  ].join('\n')
}

/** @param {Row} row */
function cellsOf(row) {
  const processor = row.cpuMs === undefined ? undefined : `${numberOf(row.cpuMs)} ms of processor`
  return [
    row.measure,
    row.unit === undefined ? row.value.toFixed(2) : `${numberOf(row.value)} ${row.unit}`,
    row.spread === undefined ? '' : `±${(100 * row.spread).toFixed(0)} %`,
    row.goal === undefined ? '' : `${row.better === 'less' ? 'at most' : 'at least'} ${row.goal}`,
    row.goal === undefined ? '' : isMet(row) ? 'met' : 'missed',
    [row.note, processor].filter(Boolean).join(', '),
  ]
}

function numberOf(value) {
  if (value === 0) return '0'
  if (value < 1) return value.toPrecision(3).replace(/0+$/, '')
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

/** @param {Row} row */
function isMet({ value, goal, better }) {
  return better === 'less' ? value <= goal : value >= goal
}
