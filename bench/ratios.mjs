/** The ratios of an earlier run, in ratios.json: they hold from machine to machine, times do not. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** @typedef {import('./suites.mjs').Row} Row */

const regressionMax = 0.15
/** A ratio that scatters more says too little to hold a later one against it. */
const keptSpreadMax = 0.1
const file = new URL('./ratios.json', import.meta.url)
const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}

/** @param {readonly Row[]} rows  others than ratios are left out */
export function keepRatios(rows) {
  const steady = ratiosOf(rows).filter(({ spread = 0 }) => spread <= keptSpreadMax)
  const fresh = steady.map(({ measure, value }) => [measure, Number(value.toFixed(3))])
  writeFileSync(file, `${JSON.stringify({ ...kept, ...Object.fromEntries(fresh) }, null, 2)}\n`)
}

/**
 * @param {readonly Row[]} rows
 * @returns whether any are kept and none is worse than it was; lines say which
 */
export function checkRatios(rows) {
  const compared = ratiosOf(rows).filter(({ measure }) => Object.hasOwn(kept, measure))
  const worse = compared.filter(({ measure, value, better }) => {
    const loss = better === 'less' ? value / kept[measure] : kept[measure] / value
    return loss - 1 > regressionMax
  })
  const said = worse.map(
    ({ measure, value }) =>
      `worse than before: ${measure}: ${value.toFixed(3)}, was ${kept[measure]}`,
  )
  const sum =
    compared.length === 0
      ? 'no ratios are kept for these suites: run with --write first'
      : `${compared.length - worse.length} ratios kept, ${worse.length} worse`
  return { isFine: compared.length > 0 && worse.length === 0, lines: [...said, sum] }
}

function ratiosOf(rows) {
  return rows.filter(({ unit }) => unit === undefined)
}
