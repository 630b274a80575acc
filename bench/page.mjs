/** docs/performance.md: the tables between a suite's markers are made by `npm run bench -- SUITE --write-docs`. */
import { readFile, writeFile } from 'node:fs/promises'
import { isBusy, machine, toMarkdown } from './tables.mjs'

const page = new URL('../docs/performance.md', import.meta.url)

/**
 * @param {string} command  gives the tables of the suite again
 * @param {readonly import('./suites.mjs').Table[]} tables  those of a part stand between markers of their own
 */
export async function writePage(suite, command, tables) {
  let text = await readFile(page, 'utf8')
  for (const [part, ofPart] of groupByPart(tables)) {
    const name = part === undefined ? suite : `${suite} ${part}`
    const again = part === undefined ? command : `${command} --only ${part}`
    text = put(text, name, [headOf(again), ...ofPart.map(toMarkdown)].join('\n\n'))
  }
  await writeFile(page, text)
}

/** A suite whose tables are told by hand has no markers: the text stays as it is. */
function put(text, name, made) {
  const [from, to] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`]
  const [before, rest] = text.split(from)
  const after = rest?.split(to)[1]
  return after === undefined ? text : `${before}${from}\n${made}\n${to}${after}`
}

function headOf(command) {
  const day = new Date().toISOString().slice(0, 10)
  const load = isBusy() ? '; other programs used it as well' : ''
  return `\`${command}\`, ${day}, ${machine()}${load}`
}

function groupByPart(tables) {
  const groups = new Map()
  for (const table of tables) groups.set(table.part, [...(groups.get(table.part) ?? []), table])
  return groups
}
