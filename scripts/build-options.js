/**
 * Writes docs/options.md from the schema of a node's options; `--check` only says whether it is up to date.
 * Reads the compiled schema: run `npm run build` first.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { nodeOptionsSchema } from '../dist/coordinator-free-node/shell/node-options.js'

const file = new URL('../docs/options.md', import.meta.url)

const intro = `# Options of a node

What \`startNode(options)\` of \`manyhands/node\` takes; \`manyhands node --help\` names the same on the command line.
In the settings file (docs/volunteer.md) names are written like \`cpu-share\`. Made from the schema by \`npm run build:docs\`.

| option | type | default | means |
| --- | --- | --- | --- |
`

function typeOf(property) {
  if (property.enum !== undefined) return property.enum.map((value) => `\`${value}\``).join(', ')
  if (property.type === 'array') return `list of ${typeOf(property.items)}`
  const { minimum, maximum } = property
  // What may be written as text with a unit, or as a number without.
  if (Array.isArray(property.type)) return property.type.join(' or ')
  return minimum === undefined ? property.type : `${property.type}, ${minimum} to ${maximum}`
}

function rows() {
  const { properties } = z.toJSONSchema(nodeOptionsSchema, { io: 'input' })
  return Object.entries(properties).map(([name, property]) => {
    const preset = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``
    return `| \`${name}\` | ${typeOf(property)} | ${preset} | ${property.description} |\n`
  })
}

const text = intro + rows().join('')
if (process.argv.includes('--check')) {
  const there = await readFile(file, 'utf8').catch(() => '')
  if (there !== text) {
    console.error('docs/options.md is out of date: run "npm run build:docs"')
    process.exit(1)
  }
} else await writeFile(file, text)
