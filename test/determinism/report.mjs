/** What came out: a table of kernels and platforms, what differs, and the closing line. */
import { formatTable } from '../../dist/coordinator-free-node/cli/table.js'

const digestChars = 12

/**
 * @returns in what an answer differs from what is expected; undefined when in nothing; `none` when there is none and
 *   need not be: the unit goes to another host
 */
export function differenceOf(expected, answer, mayAbort = false) {
  if (answer === undefined) return 'MISSING'
  if (answer.kind === 'abort' && mayAbort) return 'none'
  if (answer.kind === 'abort' || answer.kind === 'unsteady') return answer.kind.toUpperCase()
  if (expected === undefined) return 'NEW'
  if (answer.kind !== expected.kind) return 'KIND'
  if (answer.digest !== expected.digest) return 'DIGEST'
  return answer.fuel === expected.fuel ? undefined : 'FUEL'
}

/**
 * Writes it all to stdout; with `isJson` as one value, so that the closing line goes to stderr.
 *
 * @param grid  for each kernel its name, what is expected, and what differs on each platform that ran
 */
export function tell({ grid, runs, isJson }) {
  const ran = runs.filter(({ skipped }) => skipped === undefined)
  const cells = grid.flatMap(({ differences }) => differences)
  const passed = cells.filter((difference) => difference === undefined).length
  const excused = cells.filter((difference) => difference === 'none').length
  const skipped = excused === 0 ? '' : `, ${excused} skipped`
  const closing = `${passed} passed, ${cells.length - passed - excused} failed${skipped}`
  if (isJson) {
    console.log(JSON.stringify({ platforms: runs, kernels: grid }, undefined, 2))
    console.error(closing)
    return
  }
  console.log(tableOf(grid, ran))
  console.log()
  for (const run of runs) console.log(lineOf(run))
  const words = grid.flatMap(({ name, expected, differences }) =>
    differences.flatMap((difference, at) => {
      const run = ran[at]
      if (difference === undefined || run === undefined) return []
      const answer = run.answers[name]
      const words = difference === 'none' ? excuseOf(answer) : wordsOf(answer, expected)
      return [`${name} on ${run.name}: ${words}`]
    }),
  )
  if (words.length > 0) console.log(`\n${words.join('\n')}`)
  console.log(`\n${closing}`)
}

function tableOf(grid, ran) {
  const columns = [
    ...[{ title: 'kernel' }, { title: 'ends' }, { title: 'fuel', align: 'right' }],
    ...[{ title: 'digest' }, ...ran.map(({ name }) => ({ title: name }))],
  ]
  const rows = grid.map(({ name, expected, differences }) => {
    const { kind = '?', fuel = 0, digest = '' } = expected ?? {}
    const cells = differences.map((difference) => difference ?? '=')
    return [name, kind, fuel.toLocaleString('en'), digest.slice(0, digestChars), ...cells]
  })
  return formatTable(columns, rows)
}

function lineOf({ name, engine, seconds, skipped, fault }) {
  if (skipped !== undefined) return `${name}: skipped, ${skipped}`
  const end = fault === undefined ? '' : `; ended early: ${fault}`
  return `${name}: ${engine}, ${seconds.toFixed(1)} s${end}`
}

function excuseOf({ words }) {
  return `no result, which a deep kernel may end with there (${words})`
}

function wordsOf(answer, expected) {
  if (answer === undefined) return 'no answer'
  const said = `${answer.kind} ${answer.digest.slice(0, digestChars)} fuel ${answer.fuel}`
  const words = answer.words === undefined ? said : `${said} (${answer.words.split('\n', 1)[0]})`
  if (expected === undefined) return `${words}; not in expected.json, see --write`
  return `${words}, not ${expected.kind} ${expected.digest.slice(0, digestChars)} fuel ${expected.fuel}`
}
