/** Does a package's work once, guarded or not, and prints what it gave: `node one-package.mjs FOLDER NAME guarded|plain`. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { guardEverything, guarded } from './guarded-world.mjs'
import { packages } from './packages.mjs'

const [, , folder, name, how] = process.argv
const found = packages.find((entry) => entry.name === name)
const require = createRequire(path.join(folder, 'package.json'))
const folderOf = (packageName) => path.join(folder, 'node_modules', packageName)
if (how === 'guarded') guardEverything()
const startMs = performance.now()
const result = await found.work({
  importOf: (packageName) => {
    const { resolve } = createRequire(path.join(folder, 'package.json'))
    return import(entryOf(packageName) ?? pathToFileURL(resolve(packageName)).href)
  },
  requireOf: (packageName) => require(packageName),
  folderOf,
})
const ms = performance.now() - startMs
process.stdout.write(
  `${JSON.stringify({ result: JSON.stringify(result, (_, value) => (typeof value === 'bigint' ? String(value) : value)), ms, modules: guarded.modules, fuel: String(guarded.fuel()) })}\n`,
)
process.exit(0)

/** What `import` would find: the package's own file for modules, where it says which. */
function entryOf(packageName) {
  const described = require(path.join(folderOf(packageName), 'package.json'))
  const pick = (entry) => {
    if (typeof entry === 'string' || entry === undefined || entry === null) return entry
    if (Array.isArray(entry)) return pick(entry[0])
    return pick(entry.import ?? entry.node ?? entry.default ?? entry.module)
  }
  const { exports } = described
  const root = typeof exports === 'string' ? exports : pick(exports?.['.'] ?? exports)
  const file = root ?? described.module
  return file === undefined || file === null
    ? undefined
    : pathToFileURL(path.join(folderOf(packageName), file)).href
}
