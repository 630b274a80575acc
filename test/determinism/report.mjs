/** What came out: a table of kernels and platforms, what differs, and the closing line. */
import { formatTable } from '../../dist/coordinator-free-node/cli/table.js'

const digestChars = 12

/** What is no difference, but no agreement either: no result, or a trap whose words the engine does not tell. */
const excuses = ['none', 'words']

/**
 * @param {{ mayAbort?: boolean, isVague?: boolean }} leniency  what the platform may do
 * @returns in what an answer differs from what is expected; undefined when in nothing; an excuse in small letters
 */
export function differenceOf(expected, answer, { mayAbort = false, isVague = false } = {}) {
  if (answer === undefined) return 'MISSING'
  if (answer.kind === 'abort' && mayAbort) return 'none'
  if (answer.kind === 'abort' || answer.kind === 'unsteady') return answer.kind.toUpperCase()
  if (expected === undefined) return 'NEW'
  if (answer.kind !== expected.kind) return 'KIND'
  const isSame = answer.digest === expected.digest
  if (!isSame && isVague && answer.words === 'trap' && answer.fuel === expected.fuel) return 'words'
  if (!isSame) return 'DIGEST'
  return answer.fuel === expected.fuel ? undefined : 'FUEL'
}

export function isFailure(difference) {
  return difference !== undefined && !excuses.includes(difference)
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
  const failed = cells.filter(isFailure).length
  const excused = cells.length - passed - failed
  const skipped = excused === 0 ? '' : `, ${excused} skipped`
  const closing = `${passed} passed, ${failed} failed${skipped}`
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
      if (run === undefined || !isFailure(difference)) return []
      return [`${name} on ${run.name}: ${wordsOf(run.answers[name], expected)}`]
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

function wordsOf(answer, expected) {
  if (answer === undefined) return 'no answer'
  const said = `${answer.kind} ${answer.digest.slice(0, digestChars)} fuel ${answer.fuel}`
  const words = answer.words === undefined ? said : `${said} (${answer.words.split('\n', 1)[0]})`
  if (expected === undefined) return `${words}; not in expected.json, see --write`
  return `${words}, not ${expected.kind} ${expected.digest.slice(0, digestChars)} fuel ${expected.fuel}`
}
