/** What docs/design.md promises of the layers, held by reading the source. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { transformSync } from '@swc/core'
import { parse } from 'acorn'

const root = fileURLToPath(new URL('../..', import.meta.url))

function sourceFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
}

interface Node {
  type: string
  [field: string]: unknown
}

/** Every node of a file's syntax tree; types are gone, so only what runs is seen. */
function nodesOf(file: string): Node[] {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  })
  const found: Node[] = []
  const visit = (value: unknown) => {
    if (Array.isArray(value)) for (const item of value) visit(item)
    else if (typeof value === 'object' && value !== null) {
      if ('type' in value) found.push(value as Node)
      for (const item of Object.values(value)) visit(item)
    }
  }
  visit(parse(code, { ecmaVersion: 2022, sourceType: 'module', allowHashBang: true }))
  return found
}

/** Names that would let the clock, chance or the machine in. */
const impureNames = new Set([
  ...['Date', 'performance', 'process', 'crypto', 'globalThis', 'require', 'fetch', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Buffer'],
])

function impurities(file: string): string[] {
  return nodesOf(file).flatMap((node) => {
    if (node.type === 'Identifier' && impureNames.has(node.name as string)) {
      return [node.name as string]
    }
    if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression') {
      const source = node.source as Node
      return String(source.value).startsWith('node:') ? [String(source.value)] : []
    }
    if (node.type !== 'MemberExpression') return []
    const { object, property } = node as { object?: Node; property?: Node }
    return object?.name === 'Math' && property?.name === 'random' ? ['Math.random'] : []
  })
}

function asynchronies(file: string): string[] {
  return nodesOf(file).flatMap((node) => {
    if (node.type === 'AwaitExpression') return ['await']
    if (node.async === true) return ['async']
    return node.type === 'Identifier' && node.name === 'Promise' ? ['Promise'] : []
  })
}

const relative = (file: string) => file.slice(root.length)

describe('core and protocol', () => {
  const files = sourceFiles('coordinator-free-node/core', 'coordinator-free-node/protocol')
  test.each(files.map(relative))('%s knows no clock, no chance and no machine', (file) => {
    expect(impurities(join(root, file))).toEqual([])
  })
  test('the check sees what it looks for', () => {
    const shell = sourceFiles('coordinator-free-node/cli').flatMap(impurities)
    expect(shell).toEqual(expect.arrayContaining(['process', 'setTimeout', 'performance']))
  })
})

describe('core', () => {
  const files = sourceFiles('coordinator-free-node/core')
  test.each(files.map(relative))('%s is synchronous', (file) => {
    expect(asynchronies(join(root, file))).toEqual([])
  })
})

describe('layers', () => {
  test('nobody imports what docs/design.md does not allow', () => {
    const config = join(root, '.dependency-cruiser.cjs')
    const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
    const folders = ['coordinator-free-node', 'tasks', 'sdk']
    const args = [cruiser, '--config', config, '--output-type', 'err-long', ...folders]
    let report = ''
    try {
      execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: process.env })
    } catch (error) {
      report = (error as { stdout: string }).stdout
    }
    expect(report).toBe('')
  }, 120_000)
})
