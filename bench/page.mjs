/** docs/performance.md: the tables between a suite's markers are made by `npm run bench -- SUITE --write-docs`. */
import { readFile, writeFile } from 'node:fs/promises'
import { machine, toMarkdown } from './tables.mjs'

const page = new URL('../docs/performance.md', import.meta.url)

/**
 * @param {string} command  gives the tables again
 * @param {readonly import('./suites.mjs').Table[]} tables
 */
export async function writePage(suite, command, tables) {
  const text = await readFile(page, 'utf8')
  const [from, to] = [`<!-- bench: ${suite} -->`, `<!-- end: ${suite} -->`]
  const [before, rest] = text.split(from)
  const after = rest?.split(to)[1]
  // A suite whose tables are told by hand has no markers.
  if (after === undefined) return
  const day = new Date().toISOString().slice(0, 10)
  const head = `\`${command}\`, ${day}, ${machine()}`
  const made = [head, ...tables.map(toMarkdown)].join('\n\n')
  await writeFile(page, `${before}${from}\n${made}\n${to}${after}`)
}
